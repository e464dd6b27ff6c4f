#include <ntddk.h>

static LONG helper_filter(ULONG Code)
{
    if (Code == STATUS_ACCESS_VIOLATION || Code == STATUS_INSUFFICIENT_RESOURCES)
        return EXCEPTION_EXECUTE_HANDLER;
    return EXCEPTION_CONTINUE_SEARCH;
}

NTSTATUS good_guarded(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // ok: mdl-probe-outside-try
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_finally_inside_except(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = NULL;

    __try {
        __try {
            mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
            if (mdl == NULL) {
                status = STATUS_INSUFFICIENT_RESOURCES;
                __leave;
            }
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
            MmUnlockPages(mdl);
        } __finally {
            if (mdl != NULL)
                IoFreeMdl(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* The filter function can take the exception. */
NTSTATUS good_filter_function(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    } __except (helper_filter(GetExceptionCode())) {
        status = STATUS_INVALID_USER_BUFFER;
    }
    return status;
}

NTSTATUS good_comma_filter(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    } __except (status = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        KdPrint(("lock failed: %x\n", status));
    }
    return status;
}

/* The inner filter declines, the outer one handles. */
NTSTATUS good_outer_handler(PMDL Mdl, PULONG Declined)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        __try {
            MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __except (EXCEPTION_CONTINUE_SEARCH) {
            *Declined += 1;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS good_retry_in_handler_is_guarded(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }
    return status;
}

VOID good_guarded_in_finally(PMDL Mdl, PKEVENT Event)
{
    __try {
        KeClearEvent(Event);
    } __finally {
        __try {
            MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
        }
    }
}
