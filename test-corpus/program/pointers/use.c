#include "pointers.h"

static PMDL helper_lock(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return NULL;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return NULL;
    }
    return mdl;
}

NTSTATUS good_release_through_table(PPORT Port, PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_lock(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Port->Operations->Release(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_discard_locked(PPORT Port, PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_lock(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Port->Operations->Discard(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_finish_twice(PPORT Port, PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_lock(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Port->Finish(mdl);
    IoFreeMdl(mdl); // expect[program]: mdl-double-free; expect[unit]: mdl-free-locked
    return STATUS_SUCCESS;
}

NTSTATUS good_finish(PPORT Port, PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_lock(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Port->Finish(mdl);
    return STATUS_SUCCESS;
}

static VOID helper_local(PMDL Mdl)
{
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/* A variable that is one of two functions. */
NTSTATUS bad_local_pointer(PVOID Buffer, ULONG Length, BOOLEAN Free)
{
    VOID (*finish)(PMDL) = Free ? helper_local : MmUnlockPages;
    PMDL mdl = helper_lock(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    finish(mdl);
    IoFreeMdl(mdl); // expect: mdl-double-free
    return STATUS_SUCCESS;
}
