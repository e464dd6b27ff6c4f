// Exceptions and helper functions: see helpers.md.
#include <ntddk.h>

// No handler of its own: every caller below has one.
static VOID helper_lock_bare(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
}

// Called by bad_helper_unprotected, which has none.
static VOID helper_lock_unprotected(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
}

static NTSTATUS helper_lock_status(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static VOID helper_require(ULONG Length, ULONG Limit)
{
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
    }
}

// Leaves the MDL as it found it when it raises.
static VOID helper_lock_checked(PMDL Mdl, ULONG Length, ULONG Limit)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
    __try {
        helper_require(Length, Limit);
    } __finally {
        if (AbnormalTermination()) {
            MmUnlockPages(Mdl); // ok: mdl-unlock-not-locked
        }
    }
}

// The same with the probe inside the body: when the probe raises, its finally part unlocks nothing that was locked.
static VOID helper_lock_checked_wrong(PMDL Mdl, ULONG Length, ULONG Limit)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
        helper_require(Length, Limit);
    } __finally {
        if (AbnormalTermination()) {
            MmUnlockPages(Mdl); // expect: mdl-unlock-not-locked
        }
    }
}

NTSTATUS good_helper_protected(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_bare(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_helper_protected_unlocks(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_bare(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_helper_unprotected(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    helper_lock_unprotected(mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_helper_status(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock_status(mdl);
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

// The helper swallowed the exception: a handler around the call never hears of it, and the status is not looked at.
NTSTATUS bad_helper_status_ignored(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_status(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_helper_checked(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_checked(mdl, Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_helper_checked(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_checked_wrong(mdl, Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The finally part of the helper unlocked already.
NTSTATUS bad_helper_checked_unlocks_again(PVOID Buffer, ULONG Length, ULONG Limit)
{
    BOOLEAN raised = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_lock_bare(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    __try {
        __try {
            helper_require(Length, Limit);
        } __finally {
            MmUnlockPages(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised = TRUE;
        status = GetExceptionCode();
    }
    if (raised) {
        MmUnlockPages(mdl); // expect: mdl-double-unlock
    }
    IoFreeMdl(mdl);
    return status;
}

// Two helpers deep, and the handler is here.
static VOID helper_outer(PMDL Mdl, ULONG Length, ULONG Limit)
{
    helper_require(Length, Limit);
    helper_lock_bare(Mdl);
}

NTSTATUS good_helper_two_deep(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        helper_outer(mdl, Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// A helper called in a handler, for the MDL of the failed probe.
static VOID helper_release(PMDL Mdl, BOOLEAN Locked)
{
    if (Mdl == NULL) {
        return;
    }
    if (Locked) {
        MmUnlockPages(Mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(Mdl); // ok: mdl-free-locked
}

NTSTATUS good_helper_release(PVOID Buffer, ULONG Length)
{
    PMDL mdl = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;

    __try {
        mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        }
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    helper_release(mdl, locked);
    return status; // ok: mdl-leak
}
