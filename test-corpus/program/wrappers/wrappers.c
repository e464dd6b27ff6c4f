#include "wrappers.h"

PMDL helper_make(PVOID Buffer, ULONG Length)
{
    return IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
}

NTSTATUS helper_lock(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

BOOLEAN helper_try_lock(PMDL Mdl)
{
    return NT_SUCCESS(helper_lock(Mdl));
}

NTSTATUS helper_make_locked(PVOID Buffer, ULONG Length, PMDL *Mdl)
{
    NTSTATUS status;

    *Mdl = helper_make(Buffer, Length);
    if (*Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(*Mdl);
    if (!NT_SUCCESS(status)) {
        helper_free(*Mdl);
        *Mdl = NULL;
    }
    return status;
}

VOID helper_free(PMDL Mdl)
{
    if (Mdl != NULL)
        IoFreeMdl(Mdl); // expect[program]: mdl-free-locked
}

NTSTATUS helper_open(PVOID Buffer, ULONG Length, PLOCKED Locked)
{
    NTSTATUS status;

    RtlZeroMemory(Locked, sizeof(*Locked));
    Locked->Mdl = helper_make(Buffer, Length);
    if (Locked->Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(Locked->Mdl);
    if (!NT_SUCCESS(status)) {
        helper_close(Locked);
        return status;
    }
    Locked->IsLocked = TRUE;
    Locked->Address = MmGetSystemAddressForMdlSafe(Locked->Mdl, NormalPagePriority);
    if (Locked->Address == NULL) {
        helper_close(Locked);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

VOID helper_close(PLOCKED Locked)
{
    if (Locked->IsLocked) {
        MmUnlockPages(Locked->Mdl);
        Locked->IsLocked = FALSE;
    }
    if (Locked->Mdl != NULL) {
        IoFreeMdl(Locked->Mdl);
        Locked->Mdl = NULL;
    }
}
