// __finally: see finally.md.
#include <ntddk.h>

static NTSTATUS helper_lock(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_INVALID_USER_BUFFER;
    }
    return STATUS_SUCCESS;
}

// Falling off, __leave and return all run the finally part, each once.
NTSTATUS good_finally_on_every_way_out(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            return STATUS_INVALID_PARAMETER; // ok: mdl-lock-leak
        }
        if (Mode == 1) {
            __leave;
        }
        status = STATUS_PENDING;
    } __finally {
        MmUnlockPages(mdl); // ok: mdl-double-unlock
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS bad_finally_after_body_unlocked(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 1) {
            __leave;
        }
        MmUnlockPages(mdl);
    } __finally {
        MmUnlockPages(mdl); // expect: mdl-double-unlock
        IoFreeMdl(mdl);
    }
    return status;
}

// The early return goes through the finally part, which takes the pages for unlocked.
NTSTATUS bad_finally_return_past_unlock(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            return STATUS_INVALID_PARAMETER;
        }
        MmUnlockPages(mdl);
    } __finally {
        IoFreeMdl(mdl); // expect: mdl-free-locked
    }
    return status;
}

// A return before the __try does not know the finally part.
NTSTATUS bad_finally_not_entered(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    if (Mode == 0) {
        return STATUS_INVALID_PARAMETER; // expect: mdl-lock-leak
    }
    __try {
        if (Mode == 1) {
            return STATUS_PENDING; // ok: mdl-lock-leak
        }
    } __finally {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS good_finally_goto(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        goto done;
    }
    __try {
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            goto done;
        }
    } __finally {
        MmUnlockPages(mdl);
    }
done:
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_finally_goto_unlocks_again(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            goto undo;
        }
    } __finally {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
undo:
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return STATUS_INVALID_PARAMETER;
}

// The usual shape: one finally part that knows from variables how far the body came.
NTSTATUS good_finally_cleanup_by_state(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = NULL;

    __try {
        mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
        if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
    } __finally {
        if (locked) {
            MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        }
        if (mdl != NULL) {
            IoFreeMdl(mdl); // ok: mdl-free-locked
        }
    }
    return status;
}

// The flag is set one line too early: the raise leaves it TRUE with nothing locked.
NTSTATUS bad_finally_flag_before_probe(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = NULL;

    __try {
        mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        __try {
            locked = TRUE;
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
    } __finally {
        if (locked) {
            MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        }
        if (mdl != NULL) {
            IoFreeMdl(mdl);
        }
    }
    return status;
}

// The value of a return is computed before the finally part runs.
ULONG good_finally_return_value_first(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return 0;
    }
    __try {
        return MmGetMdlByteCount(mdl); // ok: mdl-use-after-free
    } __finally {
        IoFreeMdl(mdl);
    }
}

ULONG bad_finally_value_after(PVOID Buffer, ULONG Length)
{
    ULONG count = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return 0;
    }
    __try {
        count = Length;
    } __finally {
        IoFreeMdl(mdl);
    }
    return count - MmGetMdlByteCount(mdl); // expect: mdl-use-after-free
}

// __finally catches nothing.
NTSTATUS bad_finally_is_no_handler(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(mdl);
    } __finally {
        IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS;
}

// What the body leaves behind is left behind after the finally part too: the way of the __leave misses the unlock.
NTSTATUS bad_finally_leaves_lock(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    ULONG runs = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 1) {
            __leave;
        }
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    } __finally {
        runs++;
    }
    return runs == 1 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL; // expect: mdl-lock-leak
}

// A spin lock taken in the body and released on one way out only.
VOID bad_finally_spin_lock_kept(PKSPIN_LOCK Lock, PLARGE_INTEGER Delay, ULONG Mode)
{
    KIRQL irql;

    __try {
        KeAcquireSpinLock(Lock, &irql);
        if (Mode == 1) {
            __leave;
        }
        KeReleaseSpinLock(Lock, irql);
    } __finally {
        Mode = 0;
    }
    KeDelayExecutionThread(KernelMode, FALSE, Delay); // expect: irql-too-high
} // expect: spinlock-not-released

VOID good_finally_spin_lock_released(PKSPIN_LOCK Lock, PLARGE_INTEGER Delay, ULONG Mode)
{
    KIRQL irql;

    KeAcquireSpinLock(Lock, &irql);
    __try {
        if (Mode == 1) {
            __leave;
        }
        Mode = 2;
    } __finally {
        KeReleaseSpinLock(Lock, irql);
    }
    KeDelayExecutionThread(KernelMode, FALSE, Delay); // ok: irql-too-high
}
