// Leaving a finally part by a jump: see jumps-out-of-finally.md.
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

// The return ends the unwinding: the handler that had been chosen never runs.
NTSTATUS good_return_in_finally_swallows(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __finally {
            if (AbnormalTermination()) {
                IoFreeMdl(mdl);
                return STATUS_INVALID_USER_BUFFER;
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-double-free
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// So what the handler would have freed is not freed.
NTSTATUS bad_return_in_finally_swallows(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __finally {
            if (AbnormalTermination()) {
                return STATUS_INVALID_USER_BUFFER; // expect: mdl-leak
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_goto_out_of_finally(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __finally {
            if (AbnormalTermination()) {
                goto fail;
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // ok: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
fail:
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return STATUS_INVALID_USER_BUFFER;
}

NTSTATUS bad_goto_out_of_finally(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __finally {
            if (AbnormalTermination()) {
                goto fail;
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
fail:
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_INVALID_USER_BUFFER;
}

// A return there swallows an exception that is being unwound; it does not replace a handler. Without one the search
// fails before the finally part runs.
NTSTATUS bad_return_in_finally_is_no_handler(PVOID Buffer, ULONG Length)
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
        return STATUS_UNSUCCESSFUL;
    }
}

// The return of the finally part replaces the pending one.
NTSTATUS good_return_in_finally_replaces_return(PVOID Buffer, ULONG Length, ULONG Mode)
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
        status = STATUS_PENDING;
    } __finally {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        return status;
    }
}

// The statement behind is never reached: the finally part returns however it is entered.
NTSTATUS bad_return_in_finally_skips_the_rest(PVOID Buffer, ULONG Length, ULONG Mode)
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
            __leave;
        }
        status = STATUS_PENDING;
    } __finally {
        MmUnlockPages(mdl);
        return status; // expect: mdl-leak
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// A goto of the finally part replaces a pending return as well.
NTSTATUS bad_goto_out_of_finally_cancels_return(PVOID Buffer, ULONG Length, ULONG Mode)
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
            MmUnlockPages(mdl);
            return STATUS_INVALID_PARAMETER; // ok: mdl-leak
        }
    } __finally {
        goto undo;
    }
undo:
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_break_out_of_finally(PVOID Buffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (;;) {
        __try {
            __try {
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
                locked = TRUE;
            } __finally {
                break;
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode(); // ok: mdl-leak
        }
    }
    if (locked) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return locked ? STATUS_SUCCESS : STATUS_INVALID_USER_BUFFER;
}

// A jump inside the finally part leaves nothing: the unwinding goes on.
NTSTATUS good_jump_inside_finally(PVOID Buffer, ULONG Length)
{
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __finally {
            for (i = 0; i < Length; i++) {
                if (i == 3) {
                    break;
                }
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
