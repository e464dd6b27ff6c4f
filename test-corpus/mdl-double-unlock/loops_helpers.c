#include <ntddk.h>

static NTSTATUS helper_lock(PMDL Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static VOID helper_unlock(PMDL Mdl)
{
    if (Mdl != NULL) {
        MmUnlockPages(Mdl);
    }
}

/* The unlock belongs in front of the loop's lock, not behind the loop as well. */
NTSTATUS bad_unlock_after_loop(PVOID Base, ULONG Rounds)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    for (i = 0; i < Rounds; i++) {
        if (i == 3) {
            MmUnlockPages(mdl);
            break;
        }
    }
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_lock_unlock_in_loop(PVOID Base, ULONG Rounds)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    for (i = 0; i < Rounds; i++) {
        status = helper_lock(mdl);
        if (!NT_SUCCESS(status))
            break;
        MmUnlockPages(mdl); // ok: mdl-double-unlock
    }
    IoFreeMdl(mdl);
    return status;
}

/* The helper has unlocked already. */
NTSTATUS bad_helper_unlocked_first(PVOID Base)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (NT_SUCCESS(status)) {
        helper_unlock(mdl);
        MmUnlockPages(mdl); // expect: mdl-double-unlock
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_helper_unlocks(PVOID Base)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (NT_SUCCESS(status))
        helper_unlock(mdl); // ok: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

/* Unlocked, locked again, unlocked again: in balance. */
NTSTATUS good_relocked(PVOID Base)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
        status = helper_lock(mdl);
        if (NT_SUCCESS(status))
            MmUnlockPages(mdl); // ok: mdl-double-unlock
    }
    IoFreeMdl(mdl);
    return status;
}
