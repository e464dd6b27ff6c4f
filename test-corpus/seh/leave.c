// __leave: see leave.md.
#include <ntddk.h>

NTSTATUS good_leave_skips_the_rest(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Mode == 0) {
            __leave;
        }
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return STATUS_SUCCESS;
}

NTSTATUS bad_leave_skips_the_unlock(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        if (Mode == 0) {
            __leave;
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return STATUS_SUCCESS;
}

// __leave goes past the handler: the handler is not a continuation of the body.
NTSTATUS bad_leave_does_not_run_handler(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Mode == 0) {
            __leave;
        }
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS; // expect: mdl-leak
}

// It leaves the innermost __try only.
NTSTATUS good_leave_inner_only(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        __try {
            if (Mode == 0) {
                __leave;
            }
            Mode = 2;
        } __finally {
            Mode = 1;
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return STATUS_SUCCESS;
}

NTSTATUS bad_leave_inner_only(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        __try {
            if (Mode == 0) {
                MmUnlockPages(mdl);
                __leave;
            }
        } __finally {
            Mode = 1;
        }
        MmUnlockPages(mdl); // expect: mdl-double-unlock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// In a handler __leave means the __try around: the handler is not inside its own.
NTSTATUS good_leave_in_handler(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    } __finally {
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS bad_handler_without_leave(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    } __finally {
        IoFreeMdl(mdl);
    }
    return status;
}

// Out of a loop as well.
NTSTATUS bad_leave_out_of_loop(PVOID Buffer, ULONG Length, ULONG Mode)
{
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        for (i = 0; i < Length; i++) {
            if (i == Mode) {
                __leave;
            }
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return STATUS_SUCCESS;
}
