#include <ntddk.h>

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevCheckRequest(ULONG Code, ULONG Length);

/* The handler undoes a lock that the raise says never happened. */
NTSTATUS bad_unlock_in_handler(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        IoFreeMdl(mdl);
        return status;
    }

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* Shared cleanup is entered from the handler too. */
NTSTATUS bad_shared_cleanup_without_flag(PVOID UserBuffer, ULONG Length)
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
    else
        status = STATUS_INSUFFICIENT_RESOURCES;

Cleanup:
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

/* The check comes before the lock, its failure leaves through the unlock. */
NTSTATUS bad_leave_before_lock(PVOID UserBuffer, ULONG Length, ULONG Code)
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
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }

    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

/* The status test is the wrong way round. */
NTSTATUS bad_status_inverted(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (!NT_SUCCESS(status)) {
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl);
    return status;
}

/* The flag goes up before the call that may raise. */
NTSTATUS bad_flag_set_before_lock(PVOID UserBuffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        locked = TRUE;
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (locked)
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

/* The finally part runs for the raise of the probe as well. */
NTSTATUS bad_finally_unlocks_after_raise(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* Kernel buffers were never probed, yet they are unlocked like the others. */
NTSTATUS bad_only_user_buffers_locked(PVOID Buffer, ULONG Length, KPROCESSOR_MODE Mode)
{
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

    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
