#include <ntddk.h>

typedef struct _IO_CONTEXT {
    PMDL Mdl;
    ULONG Retries;
} IO_CONTEXT, *PIO_CONTEXT;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
BOOLEAN DevWantsWriteAccess(ULONG Code);

/* Locked for reading, then locked again for writing. */
NTSTATUS bad_upgrade_without_unlock(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        locked = TRUE;
        if (DevWantsWriteAccess(Code)) {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // expect: mdl-double-lock
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (locked)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* The retry starts with the pages of the first attempt still locked. */
NTSTATUS bad_retry_locks_again(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    ULONG retries = 0;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

Retry:
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    if (status == STATUS_DEVICE_BUSY && retries++ == 0)
        goto Retry;

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Each direction locks; a bidirectional request locks twice. */
NTSTATUS bad_both_directions(PVOID Buffer, ULONG Length, BOOLEAN Read, BOOLEAN Write)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        if (Read)
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        if (Write)
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* The same MDL under its other name. */
NTSTATUS bad_lock_through_context(PIO_CONTEXT Context, PVOID Buffer)
{
    PMDL mdl = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Context->Mdl = mdl;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmProbeAndLockPages(Context->Mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Missing break behind the first lock. */
NTSTATUS bad_switch_falls_into_second_lock(PMDL Mdl, ULONG Method)
{
    __try {
        switch (Method) {
        case METHOD_IN_DIRECT:
            MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
        case METHOD_OUT_DIRECT:
            MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess); // expect: mdl-double-lock
            break;
        default:
            return STATUS_INVALID_PARAMETER;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}
