#include <ntddk.h>

#define MAX_CHUNKS 16

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

static NTSTATUS helper_lock(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* The helper has locked already. */
NTSTATUS bad_helper_then_direct(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (NT_SUCCESS(status)) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_direct_if_helper_failed(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        status = STATUS_SUCCESS;
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }
    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* continue skips the unlock at the end of the turn. */
NTSTATUS bad_continue_skips_unlock(PVOID Buffer, ULONG Turns)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    for (i = 0; i < Turns; i++) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            break;
        }
        if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL)
            continue;
        MmUnlockPages(mdl);
    }

    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_unlock_every_turn(PVOID Buffer, ULONG Turns)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    for (i = 0; i < Turns; i++) {
        PVOID va;

        status = helper_lock(mdl); // ok: mdl-double-lock
        if (!NT_SUCCESS(status))
            break;
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va != NULL)
            status = DevTransfer(va, PAGE_SIZE);
        MmUnlockPages(mdl);
        if (va == NULL)
            continue;
    }
    IoFreeMdl(mdl);
    return status;
}

/* Every element is its own MDL. */
NTSTATUS good_lock_each_of_array(PMDL *Mdls, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG locked = 0;

    while (locked < Count) {
        status = helper_lock(Mdls[locked]); // ok: mdl-double-lock
        if (!NT_SUCCESS(status))
            break;
        locked++;
    }
    if (!NT_SUCCESS(status)) {
        while (locked != 0) {
            MmUnlockPages(Mdls[--locked]);
        }
    }
    return status;
}
