#include <ntddk.h>

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

static NTSTATUS helper_lock(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static VOID helper_unlock(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(Mdl);
}

/* The status of the lock is overwritten unread. */
NTSTATUS bad_helper_status_ignored(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl);
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-map-unlocked
    status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    helper_unlock(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_helper_status_tested(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl);
    if (NT_SUCCESS(status)) {
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
        status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    }
    helper_unlock(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* From the second turn on the pages are no longer locked. */
NTSTATUS bad_unlocked_in_first_turn(PVOID UserBuffer, ULONG Turns)
{
    NTSTATUS status;
    ULONG i;
    PMDL mdl = IoAllocateMdl(UserBuffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }

    for (i = 0; i < Turns; i++) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-map-unlocked
        if (va == NULL)
            break;
        status = DevTransfer(va, PAGE_SIZE);
        if (i == 0)
            MmUnlockPages(mdl);
    }
    helper_unlock(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_unlocked_after_last_turn(PVOID UserBuffer, ULONG Turns)
{
    NTSTATUS status;
    ULONG i;
    PMDL mdl = IoAllocateMdl(UserBuffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }

    for (i = 0; i < Turns; i++) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
        if (va == NULL)
            break;
        status = DevTransfer(va, PAGE_SIZE);
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}
