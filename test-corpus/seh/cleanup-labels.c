// goto and cleanup labels: see cleanup-labels.md.
#include <ntddk.h>

static VOID helper_require(ULONG Length, ULONG Limit)
{
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
    }
}

// One label, one flag.
NTSTATUS good_label_flag(PVOID Buffer, ULONG Length, ULONG Mode)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto cleanup;
    }
    if (Mode == 0) {
        status = STATUS_INVALID_PARAMETER;
        goto cleanup;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
        if (Mode == 1) {
            status = STATUS_CANCELLED;
            goto cleanup;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto cleanup;
    }
    if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
cleanup:
    if (locked) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
    }
    return status;
}

// The handler jumps to the label meant for failures behind the lock.
NTSTATUS bad_label_handler_jumps_to_unlock(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto unlock;
    }
    if (Mode == 0) {
        status = STATUS_INVALID_PARAMETER;
        goto unlock;
    }
    if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
unlock:
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

// Two labels, one behind the other: the handler jumps to the right one.
NTSTATUS good_label_ladder(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto release;
    }
    if (Mode == 0) {
        status = STATUS_INVALID_PARAMETER;
        goto unlock;
    }
    if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
unlock:
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
release:
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

// goto out of the body: __except has no say in it, the lock stays.
NTSTATUS bad_label_goto_keeps_lock(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            goto release;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto release;
    }
    MmUnlockPages(mdl);
release:
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

// The status decides: it is an error on every way that did not lock.
NTSTATUS good_label_status(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto exit;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto exit;
    }
exit:
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
    }
    return status;
}

// The status is overwritten between the lock and the test.
NTSTATUS bad_label_status_overwritten(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto exit;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto exit;
    }
    if (Mode == 0) {
        status = STATUS_INVALID_PARAMETER;
    }
exit:
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
    }
    return status;
}

// A label inside the guarded body: jumping there from the body leaves nothing.
NTSTATUS good_label_inside_body(PVOID Buffer, ULONG Length, ULONG Limit)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Length == 0) {
            goto check;
        }
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
check:
        helper_require(Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (locked) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

// One finding for a shared exit, however many ways lead to it.
NTSTATUS bad_label_shared_exit(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    if (Mode == 0) {
        status = STATUS_INVALID_PARAMETER;
        goto exit;
    }
    if (Mode == 1) {
        status = STATUS_CANCELLED;
        goto exit;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
exit:
    return status; // expect: mdl-lock-leak
}
