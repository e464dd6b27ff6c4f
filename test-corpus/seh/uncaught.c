// Exceptions nobody in the function catches: see uncaught.md.
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

static VOID helper_require(ULONG Length, ULONG Limit)
{
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
    }
}

NTSTATUS bad_uncaught_locked(PVOID Buffer, ULONG Length, ULONG Limit)
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
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // expect: mdl-lock-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_uncaught_allocated(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // expect: mdl-leak
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_uncaught_cleaned_up(PVOID Buffer, ULONG Length, ULONG Limit)
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
    if (Length > Limit) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // ok: mdl-lock-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// Whoever catches it makes the finally part run.
NTSTATUS good_uncaught_finally_cleans_up(PVOID Buffer, ULONG Length, ULONG Limit)
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
    } __finally {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS bad_uncaught_finally_only_unlocks(PVOID Buffer, ULONG Length, ULONG Limit)
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
            ExRaiseStatus(STATUS_BUFFER_OVERFLOW); // expect: mdl-leak
        }
    } __finally {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

// The raise comes from a callee; this function loses its objects at the call.
NTSTATUS bad_uncaught_from_callee(PVOID Buffer, ULONG Length, ULONG Limit)
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
    helper_require(Length, Limit); // expect: mdl-lock-leak
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_uncaught_before_anything(PVOID Buffer, ULONG Length, ULONG Limit)
{
    NTSTATUS status;
    PMDL mdl;

    helper_require(Length, Limit); // ok: mdl-leak
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_uncaught_from_callee_handled(PVOID Buffer, ULONG Length, ULONG Limit)
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
        helper_require(Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}
