// Raising in a finally part: see raise-in-finally.md.
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

// The raise leaves the finally part in the middle: what stands behind it is not done.
NTSTATUS bad_raise_in_finally_before_unlock(PVOID Buffer, ULONG Length, ULONG Limit)
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
        __try {
            status = STATUS_PENDING;
        } __finally {
            if (Length > Limit) {
                ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
            }
            MmUnlockPages(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

NTSTATUS good_raise_in_finally_after_unlock(PVOID Buffer, ULONG Length, ULONG Limit)
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
        __try {
            status = STATUS_PENDING;
        } __finally {
            MmUnlockPages(mdl); // ok: mdl-double-unlock
            if (Length > Limit) {
                ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_raise_in_finally_uncaught(PVOID Buffer, ULONG Length, ULONG Limit)
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
        status = STATUS_PENDING;
    } __finally {
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // expect: mdl-lock-leak
        }
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}

// A second exception in the unwinding of a first: the first is gone, and the search for the second starts at the
// finally part. The inner filter declined the first and takes the second.
NTSTATUS good_second_exception_replaces_first(PVOID Buffer, ULONG Length)
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
        __try {
            __try {
                ExRaiseStatus(STATUS_DEVICE_BUSY);
            } __finally {
                MmUnlockPages(mdl); // ok: mdl-double-unlock
                ExRaiseStatus(STATUS_CANCELLED);
            }
        } __except (GetExceptionCode() == STATUS_CANCELLED) {
            IoFreeMdl(mdl);
            status = STATUS_CANCELLED;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(mdl); // ok: mdl-double-unlock
        status = STATUS_UNSUCCESSFUL;
    }
    return status; // ok: mdl-leak
}

NTSTATUS bad_second_exception_replaces_first(PVOID Buffer, ULONG Length)
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
        __try {
            __try {
                ExRaiseStatus(STATUS_DEVICE_BUSY);
            } __finally {
                MmUnlockPages(mdl);
                ExRaiseStatus(STATUS_CANCELLED);
            }
        } __except (GetExceptionCode() == STATUS_CANCELLED) {
            status = STATUS_CANCELLED;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        status = STATUS_UNSUCCESSFUL;
    }
    return status; // expect: mdl-leak
}

// Raised and handled inside the finally part: the pending way out goes on afterwards.
NTSTATUS good_raise_in_finally_handled_there(PVOID Buffer, ULONG Length, ULONG Limit, ULONG Mode)
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
        __try {
            if (Length > Limit) {
                ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
            }
        } __finally {
            __try {
                if (Mode == 0) {
                    ExRaiseStatus(STATUS_CANCELLED);
                }
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                Mode = 1;
            }
            MmUnlockPages(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_raise_in_finally_handled_there(PVOID Buffer, ULONG Length, ULONG Limit, ULONG Mode)
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
        __try {
            if (Length > Limit) {
                ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
            }
        } __finally {
            __try {
                if (Mode == 0) {
                    ExRaiseStatus(STATUS_CANCELLED);
                }
                MmUnlockPages(mdl);
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                Mode = 1;
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

// A finally part is not protected by what protects its own body.
NTSTATUS bad_probe_in_finally(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
            MmUnlockPages(mdl);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    } __finally {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_probe_in_finally(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            status = STATUS_PENDING;
        } __finally {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
            MmUnlockPages(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}
