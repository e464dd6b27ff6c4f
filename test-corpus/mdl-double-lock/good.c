#include <ntddk.h>

typedef struct _IO_CONTEXT {
    PMDL Mdl;
    ULONG Retries;
} IO_CONTEXT, *PIO_CONTEXT;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
BOOLEAN DevWantsWriteAccess(ULONG Code);

NTSTATUS good_one_lock_with_right_access(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    LOCK_OPERATION operation = IoReadAccess;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (DevWantsWriteAccess(Code))
        operation = IoModifyAccess;

    __try {
        MmProbeAndLockPages(mdl, UserMode, operation); // ok: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_retry_unlocks_first(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    ULONG retries = 0;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

Retry:
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    MmUnlockPages(mdl);
    if (status == STATUS_DEVICE_BUSY && retries++ == 0)
        goto Retry;

    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_exclusive_directions(PVOID Buffer, ULONG Length, BOOLEAN Read)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        if (Read)
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        if (!Read)
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Two MDLs over the same pages may both be locked. */
NTSTATUS good_two_mdls_one_buffer(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN firstLocked = FALSE, secondLocked = FALSE;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    PMDL second = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first != NULL && second != NULL) {
        __try {
            MmProbeAndLockPages(first, UserMode, IoReadAccess);
            firstLocked = TRUE;
            MmProbeAndLockPages(second, UserMode, IoReadAccess); // ok: mdl-double-lock
            secondLocked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    } else {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }

    if (secondLocked)
        MmUnlockPages(second);
    if (firstLocked)
        MmUnlockPages(first);
    if (second != NULL)
        IoFreeMdl(second);
    if (first != NULL)
        IoFreeMdl(first);
    return status;
}

/* After the raise the MDL is not locked and may be tried again. */
NTSTATUS good_lock_again_after_raise(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }

    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Only an MDL that is not locked yet is locked. */
NTSTATUS good_flag_of_mdl_tested(PIO_CONTEXT Context)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Context->Mdl, UserMode, IoReadAccess);
        if ((Context->Mdl->MdlFlags & MDL_PAGES_LOCKED) == 0) {
            MmProbeAndLockPages(Context->Mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}
