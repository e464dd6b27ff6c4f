#include "latent.h"

NTSTATUS bad_unlocks_before_release(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    bad_release(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_lets_release_unlock(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    good_release(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_no_handler(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    bad_lock_unguarded(mdl);
    MmUnlockPages(mdl); // expect[unit]: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_handler_around(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        good_lock_unguarded(mdl);
        MmUnlockPages(mdl); // expect[unit]: mdl-unlock-not-locked
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* The raise leaves the pages locked: its handler is outside. */
static VOID helper_leaves_locked(PMDL Mdl, BOOLEAN Condition)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    bad_require(Condition);
    MmUnlockPages(Mdl);
}

NTSTATUS bad_raise_between(PVOID Buffer, ULONG Length, BOOLEAN Condition)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        helper_leaves_locked(mdl, Condition);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect[program]: mdl-free-locked
    return status;
}

NTSTATUS good_finally_between(PVOID Buffer, ULONG Length, BOOLEAN Condition)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        __try {
            good_require(Condition);
        } __finally {
            MmUnlockPages(mdl);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}
