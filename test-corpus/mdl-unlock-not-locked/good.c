#include <ntddk.h>

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevCheckRequest(ULONG Code, ULONG Length);

NTSTATUS good_handler_frees_only(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_mdlflags_in_cleanup(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto Cleanup;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va != NULL)
        status = DevTransfer(va, Length);

Cleanup:
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_status_tested(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        status = DevCheckRequest(Code, Length);
        if (!NT_SUCCESS(status))
            __leave;
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (NT_SUCCESS(status))
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_flag_set_after_lock(PVOID UserBuffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (locked)
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_finally_asks_how_it_ended(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            if (!AbnormalTermination())
                MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* The same question is asked again wherever it matters. */
NTSTATUS good_same_condition_again(PVOID Buffer, ULONG Length, KPROCESSOR_MODE Mode)
{
    PVOID va;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (Mode != KernelMode) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    }
    if (Mode != KernelMode) {
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va != NULL)
            DevTransfer(va, Length);
    }
    if (Mode != KernelMode)
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* Locked by the cache manager or an upper driver: nothing is known here. */
VOID good_foreign_mdl(PMDL Mdl)
{
    if (Mdl != NULL) {
        MmUnlockPages(Mdl); // ok: mdl-unlock-not-locked
        IoFreeMdl(Mdl);
    }
}

/* What was allocated just now is nowhere yet where it was not put. */
NTSTATUS good_compares_with_its_own(PIRP Irp, PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Irp->MdlAddress == mdl) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        Irp->MdlAddress = NULL;
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
