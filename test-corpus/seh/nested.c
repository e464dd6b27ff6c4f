// Guarded bodies inside guarded bodies: see nested.md.
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

// __finally between the probe and its handler: the handler counts.
NTSTATUS good_nested_finally_in_except(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
            MmUnlockPages(mdl);
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-free-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

// The handler falls into the finally part around it.
NTSTATUS bad_nested_except_in_finally(PVOID Buffer, ULONG Length)
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
            IoFreeMdl(mdl);
            status = GetExceptionCode();
        }
    } __finally {
        IoFreeMdl(mdl); // expect: mdl-double-free
    }
    return status;
}

NTSTATUS good_nested_three_deep(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            __try {
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
                MmUnlockPages(mdl);
            } __except (EXCEPTION_CONTINUE_SEARCH) {
                IoFreeMdl(mdl); // ok: mdl-double-free
            }
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-double-free
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS bad_nested_three_deep(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            __try {
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
                MmUnlockPages(mdl);
            } __except (EXCEPTION_CONTINUE_SEARCH) {
                status = STATUS_ACCESS_VIOLATION;
            }
        } __except (EXCEPTION_CONTINUE_EXECUTION) {
            status = STATUS_IN_PAGE_ERROR;
        }
    } __finally {
        IoFreeMdl(mdl);
    }
    return status;
}

// A return passes through every finally part around it.
NTSTATUS good_nested_return_through_two(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        status = helper_lock(mdl);
        if (!NT_SUCCESS(status)) {
            return status; // ok: mdl-leak
        }
        __try {
            if (Mode == 0) {
                return STATUS_INVALID_PARAMETER; // ok: mdl-lock-leak
            }
            status = STATUS_PENDING;
        } __finally {
            MmUnlockPages(mdl);
        }
    } __finally {
        IoFreeMdl(mdl); // ok: mdl-free-locked
    }
    return status;
}

NTSTATUS bad_nested_return_through_two(PVOID Buffer, ULONG Length, ULONG Mode)
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
            if (Mode == 0) {
                return STATUS_INVALID_PARAMETER;
            }
        } __finally {
            MmUnlockPages(mdl);
        }
        status = helper_lock(mdl);
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(mdl);
            mdl = NULL;
            __leave;
        }
    } __finally {
        if (mdl != NULL) {
            MmUnlockPages(mdl); // expect: mdl-double-unlock
            IoFreeMdl(mdl);
        }
    }
    return status;
}

NTSTATUS good_nested_goto_through_two(PVOID Buffer, ULONG Length, ULONG Mode)
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
            if (Mode == 0) {
                status = STATUS_INVALID_PARAMETER;
                goto done;
            }
            status = STATUS_PENDING;
        } __finally {
            MmUnlockPages(mdl);
        }
    } __finally {
        IoFreeMdl(mdl); // ok: mdl-free-locked
    }
done:
    return status; // ok: mdl-leak
}

NTSTATUS bad_nested_goto_through_two(PVOID Buffer, ULONG Length, ULONG Mode)
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
            if (Mode == 0) {
                goto undo;
            }
        } __finally {
            MmUnlockPages(mdl);
        }
    } __finally {
        IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS;
undo:
    IoFreeMdl(mdl); // expect: mdl-double-free
    return STATUS_INVALID_PARAMETER;
}

// goto out of the inner one only, to a label in the outer body: the outer finally part waits.
NTSTATUS good_nested_goto_out_of_one(PVOID Buffer, ULONG Length, ULONG Mode)
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
            if (Mode == 0) {
                goto next;
            }
            Mode = 2;
        } __finally {
            MmUnlockPages(mdl);
        }
        Mode = 3;
next:
        Mode += MmGetMdlByteCount(mdl); // ok: mdl-use-after-free
    } __finally {
        IoFreeMdl(mdl); // ok: mdl-double-free
    }
    return Mode == 3 ? STATUS_SUCCESS : STATUS_PENDING;
}

// A guarded body inside a finally part.
NTSTATUS good_nested_in_finally_part(PVOID Buffer, ULONG Length, ULONG Mode)
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
    } __finally {
        __try {
            MmUnlockPages(mdl);
            if (Mode == 1) {
                __leave;
            }
            Mode = 0;
        } __finally {
            IoFreeMdl(mdl); // ok: mdl-free-locked
        }
    }
    return status;
}

NTSTATUS bad_nested_in_finally_part(PVOID Buffer, ULONG Length, ULONG Mode)
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
    } __finally {
        __try {
            if (Mode == 1) {
                __leave;
            }
            MmUnlockPages(mdl);
        } __finally {
            IoFreeMdl(mdl); // expect: mdl-free-locked
        }
    }
    return status;
}

// The inner handler is not around the second probe.
NTSTATUS bad_nested_inner_handler_ends_early(PVOID Buffer, PVOID Other, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(first, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            __leave;
        }
        MmProbeAndLockPages(second, UserMode, IoWriteAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(second);
        MmUnlockPages(first);
    } __finally {
        IoFreeMdl(second);
    }
    IoFreeMdl(first);
    return status;
}

NTSTATUS good_nested_two_handlers(PVOID Buffer, PVOID Other, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(first, UserMode, IoReadAccess);
        __try {
            MmProbeAndLockPages(second, UserMode, IoWriteAccess);
            MmUnlockPages(second);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        MmUnlockPages(first); // ok: mdl-unlock-not-locked
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(second); // ok: mdl-free-locked
    IoFreeMdl(first); // ok: mdl-free-locked
    return status;
}
