// Raising in a handler: see raise-in-handler.md.
#include <ntddk.h>

NTSTATUS good_raise_in_handler_caught_outside(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            ExRaiseStatus(STATUS_INVALID_USER_BUFFER); // ok: mdl-leak
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_raise_in_handler_caught_outside(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            ExRaiseStatus(STATUS_INVALID_USER_BUFFER);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // expect: mdl-double-free
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_raise_in_handler_uncaught(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        ExRaiseStatus(STATUS_INVALID_USER_BUFFER); // expect: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_raise_in_handler_after_free(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        ExRaiseStatus(STATUS_INVALID_USER_BUFFER); // ok: mdl-leak
    }
    MmUnlockPages(mdl); // ok: mdl-use-after-free
    IoFreeMdl(mdl); // ok: mdl-double-free
    return STATUS_SUCCESS;
}

// The handler is not protected by its own __try: the second attempt is bare.
NTSTATUS bad_probe_in_handler(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_probe_in_handler(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The handler is reached with the pages locked (own raise) and not locked (the probe): locking again is wrong for one
// of them.
NTSTATUS bad_probe_in_handler_still_locked(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The raise in the inner handler unwinds through the finally part around it, once.
NTSTATUS good_raise_in_handler_runs_outer_finally(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            __try {
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
                MmUnlockPages(mdl);
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                ExRaiseStatus(STATUS_INVALID_USER_BUFFER);
            }
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-double-free
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status; // ok: mdl-leak
}
