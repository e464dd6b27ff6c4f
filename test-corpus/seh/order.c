// The order of filters, finally parts and the handler: see order.md.
#include <ntddk.h>

// The filter runs before the finally part, so it still sees armed == 1.
NTSTATUS good_filter_before_finally(PVOID Buffer, ULONG Length)
{
    LONG armed = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            armed = 1;
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __finally {
            armed = 0;
        }
    } __except (armed ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The other way round: the finally part would arm the filter, but too late.
NTSTATUS bad_filter_before_finally(PVOID Buffer, ULONG Length)
{
    LONG armed = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        } __finally {
            armed = 1;
        }
    } __except (armed ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// Filters are asked from the inside out: the inner one leaves a mark for the outer one.
NTSTATUS good_inner_filter_first(PVOID Buffer, ULONG Length)
{
    LONG seen = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __except (seen = 1, EXCEPTION_CONTINUE_SEARCH) {
            NOTHING;
        }
    } __except (seen == 1) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_outer_filter_is_not_first(PVOID Buffer, ULONG Length)
{
    LONG seen = 0;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        } __except (seen == 1) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    } __except (seen = 1, EXCEPTION_CONTINUE_SEARCH) {
        return STATUS_UNSUCCESSFUL; // ok: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The finally part has run when the handler starts.
NTSTATUS bad_finally_before_handler(PVOID Buffer, ULONG Length)
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
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-double-free
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // expect: mdl-double-free
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS good_finally_before_handler(PVOID Buffer, ULONG Length)
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
        } __finally {
            IoFreeMdl(mdl);
            mdl = NULL;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (mdl != NULL) {
            IoFreeMdl(mdl); // ok: mdl-double-free
        }
        status = GetExceptionCode();
    }
    return status;
}

// Finally parts run from the inside out, whatever makes them run.
NTSTATUS good_inner_finally_first(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    __try {
        __try {
            __try {
                if (Length > Limit) {
                    ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
                }
            } __finally {
                MmUnlockPages(mdl);
            }
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-free-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS bad_inner_finally_first(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    __try {
        __try {
            __try {
                if (Length > Limit) {
                    ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
                }
            } __finally {
                IoFreeMdl(mdl); // expect: mdl-free-locked
            }
        } __finally {
            MmUnlockPages(mdl); // ok: mdl-use-after-free
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

// Only the finally parts between the raise and the chosen handler run before that handler.
NTSTATUS good_finally_outside_handler_runs_later(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG count = 0;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            MmUnlockPages(mdl);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            count = MmGetMdlByteCount(mdl); // ok: mdl-use-after-free
            status = GetExceptionCode();
        }
    } __finally {
        IoFreeMdl(mdl);
    }
    return count == 0 ? status : STATUS_PARTIAL_COPY;
}

NTSTATUS bad_finally_inside_handler_ran_before(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG count = 0;

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            MmUnlockPages(mdl);
        } __finally {
            IoFreeMdl(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        count = MmGetMdlByteCount(mdl); // expect: mdl-use-after-free
        status = GetExceptionCode();
    }
    return count == 0 ? status : STATUS_PARTIAL_COPY;
}
