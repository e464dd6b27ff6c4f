// GetExceptionCode() in filters and handlers: see exception-code.md.
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

static VOID helper_fail(NTSTATUS Status)
{
    ExRaiseStatus(Status);
}

static LONG helper_filter_busy(ULONG Code)
{
    switch (Code) {
    case (ULONG)STATUS_DEVICE_BUSY:
    case (ULONG)STATUS_RETRY:
        return EXCEPTION_EXECUTE_HANDLER;
    default:
        return EXCEPTION_CONTINUE_SEARCH;
    }
}

NTSTATUS good_code_matches(PVOID Buffer, ULONG Length, ULONG Limit)
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
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // ok: mdl-lock-leak
        }
    } __except (GetExceptionCode() == STATUS_BUFFER_OVERFLOW ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        status = STATUS_BUFFER_OVERFLOW;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_code_does_not_match(PVOID Buffer, ULONG Length, ULONG Limit)
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
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // expect: mdl-lock-leak
        }
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        status = STATUS_ACCESS_VIOLATION;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

// The inner handler takes another code, so only the outer one sees this raise.
NTSTATUS good_code_outer_takes(PVOID Buffer, ULONG Length, ULONG Limit)
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
        } __except (GetExceptionCode() == STATUS_CANCELLED) {
            MmUnlockPages(mdl); // ok: mdl-double-unlock
        }
    } __except (GetExceptionCode() == STATUS_BUFFER_OVERFLOW) {
        status = STATUS_BUFFER_OVERFLOW;
    }
    MmUnlockPages(mdl); // ok: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_code_inner_takes(PVOID Buffer, ULONG Length, ULONG Limit)
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
        } __except (GetExceptionCode() != STATUS_CANCELLED) {
            MmUnlockPages(mdl);
        }
    } __except (GetExceptionCode() == STATUS_BUFFER_OVERFLOW) {
        status = STATUS_BUFFER_OVERFLOW;
    }
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

// The code is the argument of the raise, wherever that came from.
NTSTATUS good_code_from_helper(PVOID Buffer, ULONG Length, ULONG Limit)
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
        if (Length > Limit) {
            helper_fail(STATUS_DEVICE_BUSY); // ok: mdl-lock-leak
        }
    } __except (helper_filter_busy(GetExceptionCode())) {
        status = STATUS_DEVICE_BUSY;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_code_from_helper(PVOID Buffer, ULONG Length, ULONG Limit)
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
        if (Length > Limit) {
            helper_fail(STATUS_DEVICE_NOT_READY); // expect: mdl-lock-leak
        }
    } __except (helper_filter_busy(GetExceptionCode())) {
        status = STATUS_DEVICE_BUSY;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

// The handler tells by the code which of two raises it was: one before the lock, one after.
NTSTATUS good_code_tells_how_far(PVOID Buffer, ULONG Length, ULONG Limit)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Length == 0) {
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        }
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        if (status == STATUS_BUFFER_OVERFLOW) {
            MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        }
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_code_tells_how_far(PVOID Buffer, ULONG Length, ULONG Limit)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        if (Length == 0) {
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        }
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
        if (Length > Limit) {
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        if (status == STATUS_INVALID_PARAMETER) {
            MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        }
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

// Passing on with another code: the outer filter sees the new one.
NTSTATUS good_code_translated(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            MmUnlockPages(mdl);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            ExRaiseStatus(STATUS_INVALID_USER_BUFFER); // ok: mdl-leak
        }
    } __except (GetExceptionCode() == STATUS_INVALID_USER_BUFFER) {
        status = STATUS_INVALID_USER_BUFFER;
    }
    IoFreeMdl(mdl);
    return status;
}

// A raise never carries a success: the status taken from it decides.
NTSTATUS good_code_is_an_error(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return status;
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_code_test_inverted(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (NT_SUCCESS(status)) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
        return status;
    }
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}
