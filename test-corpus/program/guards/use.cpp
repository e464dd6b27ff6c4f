#include "guard.hpp"

NTSTATUS good_guard(PVOID Buffer, ULONG Length)
{
    MdlPtr mdl(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    PageLock lock(mdl.get(), UserMode);
    if (!lock.isLocked())
        return STATUS_ACCESS_VIOLATION; // ok: mdl-leak
    return STATUS_SUCCESS;              // ok: mdl-lock-leak, mdl-leak
}

/* Nobody unlocks after release(); the owner frees what is locked. */
NTSTATUS bad_released(PVOID Buffer, ULONG Length)
{
    MdlPtr mdl(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    PageLock lock(mdl.get(), UserMode);
    if (!lock.isLocked())
        return STATUS_ACCESS_VIOLATION;
    lock.release();
    return STATUS_SUCCESS;
}

NTSTATUS good_released(PVOID Buffer, ULONG Length)
{
    MdlPtr mdl(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    PageLock lock(mdl.get(), UserMode);
    if (!lock.isLocked())
        return STATUS_ACCESS_VIOLATION;
    MmUnlockPages(lock.release());
    return STATUS_SUCCESS; // ok: mdl-double-unlock
}

/* Freed before the lock is given up. */
NTSTATUS bad_order(PVOID Buffer, ULONG Length)
{
    PMDL raw = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (raw == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PageLock lock(raw, UserMode);
    if (!lock.isLocked()) {
        IoFreeMdl(raw);
        return STATUS_ACCESS_VIOLATION;
    }
    MmUnlockPages(raw); // expect[unit]: mdl-unlock-not-locked
    IoFreeMdl(raw);
    return STATUS_SUCCESS;
}

NTSTATUS good_move(PVOID Buffer, ULONG Length)
{
    MdlPtr first(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));
    MdlPtr second(static_cast<MdlPtr &&>(first));

    return second ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-double-free, mdl-leak
}

NTSTATUS good_assigned(PVOID Buffer, ULONG Length)
{
    MdlPtr kept;

    kept = MdlPtr(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));
    return kept ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-double-free, mdl-leak
}

/* Taken out of its owner and forgotten. */
NTSTATUS bad_forgotten(PVOID Buffer, ULONG Length)
{
    MdlPtr mdl(IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL));

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    PMDL raw = mdl.release();
    MmBuildMdlForNonPagedPool(raw);
    return STATUS_SUCCESS; // expect: mdl-leak
}
