// Filters of __except: see except-filters.md.
#include <ntddk.h>

extern LONG CorpusUnknownFilter(ULONG Code);

static LONG helper_filter_always(VOID)
{
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG helper_filter_never(VOID)
{
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG helper_filter_access_violation(ULONG Code)
{
    if (Code == (ULONG)STATUS_ACCESS_VIOLATION) {
        return EXCEPTION_EXECUTE_HANDLER;
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

NTSTATUS good_filter_one(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    } __except (1) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// Every positive value means "execute the handler", not only 1.
NTSTATUS good_filter_two(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    } __except (2) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_zero(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (0) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        return GetExceptionCode(); // ok: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_minus_one(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (-1) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        return GetExceptionCode(); // ok: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_continue_search(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(mdl);
    } __except (EXCEPTION_CONTINUE_SEARCH) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_filter_continue_execution(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(mdl);
    } __except (EXCEPTION_CONTINUE_EXECUTION) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_filter_execute_handler_unlocks(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The filter is an integer constant expression with the value 0.
NTSTATUS bad_filter_folds_to_zero(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (sizeof(PVOID) == 8 ? EXCEPTION_CONTINUE_SEARCH : EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // ok: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// Comma filter: the left side runs too, before the handler.
NTSTATUS good_filter_comma_execute(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (status = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_filter_comma_search(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (status = GetExceptionCode(), EXCEPTION_CONTINUE_SEARCH) {
        NOTHING;
    }
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

// What the filter stored is lost on nobody: the handler forgot to look, the code after it looks at the wrong thing.
NTSTATUS bad_filter_comma_status_ignored(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (status = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

// A comparison yields 1 or 0, that is "execute" or "search".
NTSTATUS good_filter_comparison(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION) {
            IoFreeMdl(mdl);
            return STATUS_ACCESS_VIOLATION;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-double-free
        return STATUS_UNSUCCESSFUL;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_comparison_outer_forgets(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER
                                                                  : EXCEPTION_CONTINUE_SEARCH) {
            IoFreeMdl(mdl);
            return STATUS_ACCESS_VIOLATION;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_UNSUCCESSFUL; // expect: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// A filter call with a body in this file: its value is what the body returns.
NTSTATUS good_filter_call_always(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    } __except (helper_filter_always()) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_call_never(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (helper_filter_never()) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_filter_call_by_code(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (helper_filter_access_violation(GetExceptionCode())) {
            IoFreeMdl(mdl);
            return STATUS_ACCESS_VIOLATION;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-double-free
        return STATUS_UNSUCCESSFUL;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// A filter function nobody here knows may return anything: it may execute the handler, so the probe is protected.
NTSTATUS good_filter_call_unknown(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
            MmUnlockPages(mdl);
        } __except (CorpusUnknownFilter(GetExceptionCode())) {
            status = STATUS_ACCESS_VIOLATION;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_UNSUCCESSFUL;
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_filter_call_unknown_handler_unlocks(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            MmUnlockPages(mdl);
        } __except (CorpusUnknownFilter(GetExceptionCode())) {
            MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
            status = STATUS_ACCESS_VIOLATION;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_UNSUCCESSFUL;
    }
    IoFreeMdl(mdl);
    return status;
}

// The filter decides on a variable: its value at the raise is what counts.
NTSTATUS good_filter_variable(PVOID Buffer, ULONG Length)
{
    LONG disposition = EXCEPTION_CONTINUE_SEARCH;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        disposition = EXCEPTION_EXECUTE_HANDLER;
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        disposition = EXCEPTION_CONTINUE_SEARCH;
    } __except (disposition) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_variable_set_too_late(PVOID Buffer, ULONG Length)
{
    LONG disposition = EXCEPTION_CONTINUE_SEARCH;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        disposition = EXCEPTION_EXECUTE_HANDLER;
    } __except (disposition) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The caller chooses; there is a value for which the handler executes, so the probe counts as protected.
NTSTATUS good_filter_conditional(PVOID Buffer, ULONG Length, BOOLEAN Handle)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
            MmUnlockPages(mdl);
        } __except (Handle ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
            status = GetExceptionCode();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_UNSUCCESSFUL;
    }
    IoFreeMdl(mdl);
    return status;
}
