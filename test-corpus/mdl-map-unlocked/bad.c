#include <ntddk.h>

typedef struct _FRAME {
    PMDL Mdl;
    PVOID Va;
    ULONG Kind;
} FRAME, *PFRAME;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* Allocated, never locked or built. */
NTSTATUS bad_map_fresh_mdl(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return status;
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-map-unlocked
    if (va != NULL)
        status = DevTransfer(va, Length);
    IoFreeMdl(mdl);
    return status;
}

/* The handler notes the failure and the code goes on. */
NTSTATUS bad_map_after_raise(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-map-unlocked
    if (va != NULL)
        status = DevTransfer(va, Length);
    if (locked)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Mapped again for the checksum, after the unlock. */
NTSTATUS bad_map_after_unlock(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto Exit;
    }
    MmUnlockPages(mdl);

    if (MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority) == NULL) // expect: mdl-map-unlocked
        status = STATUS_INSUFFICIENT_RESOURCES;
Exit:
    IoFreeMdl(mdl);
    return status;
}

/* Only one of the two kinds is prepared. */
NTSTATUS bad_other_branch_not_built(PFRAME Frame, PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Frame->Kind == 1)
        MmBuildMdlForNonPagedPool(mdl);

    Frame->Va = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority); // expect: mdl-map-unlocked
    Frame->Mdl = mdl;
    return Frame->Va != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* A user mapping of pages that were unlocked in between. */
NTSTATUS bad_user_mapping(PMDL Mdl, PVOID *UserVa)
{
    MmUnlockPages(Mdl);
    __try {
        *UserVa = MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority); // expect: mdl-map-unlocked
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *UserVa = NULL;
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* The lock comes one line too late. */
NTSTATUS bad_map_before_lock(PVOID UserBuffer, ULONG Length)
{
    PVOID va = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-map-unlocked
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return va ? status : STATUS_INSUFFICIENT_RESOURCES;
}
