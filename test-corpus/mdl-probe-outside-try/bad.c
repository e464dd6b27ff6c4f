#include <ntddk.h>

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

static LONG helper_never_handles(ULONG Code)
{
    UNREFERENCED_PARAMETER(Code);
    return EXCEPTION_CONTINUE_SEARCH;
}

NTSTATUS bad_no_try(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // expect: mdl-probe-outside-try
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* A finally part runs, and the exception goes on to nobody. */
NTSTATUS bad_finally_only(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
        MmUnlockPages(mdl);
    } __finally {
        if (AbnormalTermination())
            status = STATUS_INVALID_USER_BUFFER;
        IoFreeMdl(mdl);
    }
    return status;
}

/* The filter declines every exception. */
NTSTATUS bad_continue_search(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (EXCEPTION_CONTINUE_SEARCH) {
        status = STATUS_INVALID_USER_BUFFER;
    }
    return status;
}

NTSTATUS bad_filter_function_declines(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    } __except (helper_never_handles(GetExceptionCode())) {
        status = STATUS_INVALID_USER_BUFFER;
    }
    return status;
}

/* The guarded body ends one statement too early. */
NTSTATUS bad_probe_behind_the_try(PVOID UserBuffer, ULONG Length, PMDL *Mdl)
{
    __try {
        ProbeForRead(UserBuffer, Length, sizeof(ULONG));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }

    *Mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (*Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmProbeAndLockPages(*Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    return STATUS_SUCCESS;
}

/* A retry from the handler is no longer guarded by it. */
NTSTATUS bad_probe_in_handler(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoModifyAccess); // ok: mdl-probe-outside-try
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    }
    return STATUS_SUCCESS;
}

/* A finally part is outside the try it belongs to. */
VOID bad_probe_in_finally(PMDL Mdl, PKEVENT Event)
{
    __try {
        KeClearEvent(Event);
    } __finally {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    }
}

/* Kernel buffers can fail to come into memory as well. */
NTSTATUS bad_kernel_mode_unguarded(PVOID PagedBuffer, ULONG Length, KPROCESSOR_MODE Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(PagedBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (Mode == UserMode) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    } else {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess); // expect: mdl-probe-outside-try
    }
    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}
