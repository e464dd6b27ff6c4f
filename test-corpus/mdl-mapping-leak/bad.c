#include <ntddk.h>

#define TAG_RANGE 'gnaR'

typedef struct _SHARED {
    PMDL Mdl;
    PVOID UserVa;
} SHARED, *PSHARED;

NTSTATUS DevTransfer(PVOID Va);

static NTSTATUS helper_map(PMDL Mdl, PVOID *Va)
{
    __try {
        *Va = MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *Va = NULL;
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS helper_lock(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* MmUnlockPages undoes system mappings only. */
NTSTATUS bad_unlocked_while_user_mapped(PMDL Mdl)
{
    PVOID va;
    NTSTATUS status = helper_lock(Mdl);

    if (!NT_SUCCESS(status))
        return status;
    status = helper_map(Mdl, &va);
    if (NT_SUCCESS(status))
        status = DevTransfer(va);
    MmUnlockPages(Mdl); // expect: mdl-mapping-leak
    return status;
}

NTSTATUS bad_built_and_freed(PVOID Nonpaged, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    PMDL mdl = IoAllocateMdl(Nonpaged, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    status = helper_map(mdl, &va);
    if (NT_SUCCESS(status))
        status = DevTransfer(va);
    IoFreeMdl(mdl); // expect: mdl-mapping-leak
    return status;
}

NTSTATUS bad_pages_freed(ULONG Length)
{
    PHYSICAL_ADDRESS low = {0}, high, skip = {0};
    NTSTATUS status;
    PVOID va;
    PMDL mdl;

    high.QuadPart = -1;
    mdl = MmAllocatePagesForMdl(low, high, skip, Length);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_map(mdl, &va);
    if (NT_SUCCESS(status))
        DevTransfer(va);
    MmFreePagesFromMdl(mdl); // expect: mdl-mapping-leak
    ExFreePool(mdl);
    return status;
}

/* The error of the transfer leaves the range mapped. */
NTSTATUS bad_reserved_error_path(PMDL Mdl, PVOID Range)
{
    NTSTATUS status = helper_lock(Mdl);
    PVOID va;

    if (!NT_SUCCESS(status))
        return status;
    va = MmMapLockedPagesWithReservedMapping(Range, TAG_RANGE, Mdl, MmCached);
    if (va == NULL) {
        MmUnlockPages(Mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = DevTransfer(va);
    if (!NT_SUCCESS(status)) {
        MmUnlockPages(Mdl); // expect: mdl-mapping-leak
        return status;
    }
    MmUnmapReservedMapping(Range, TAG_RANGE, Mdl);
    MmUnlockPages(Mdl);
    return status;
}

/* The wrong one of two MDLs is unmapped. */
NTSTATUS bad_other_mdl_unmapped(PMDL First, PMDL Second)
{
    PVOID one, two;
    NTSTATUS status = helper_lock(First);

    if (!NT_SUCCESS(status))
        return status;
    status = helper_lock(Second);
    if (NT_SUCCESS(status)) {
        status = helper_map(First, &one);
        if (NT_SUCCESS(status)) {
            status = helper_map(Second, &two);
            if (NT_SUCCESS(status))
                MmUnmapLockedPages(two, Second);
            MmUnmapLockedPages(one, Second);
        }
        MmUnlockPages(Second);
    }
    MmUnlockPages(First); // expect: mdl-mapping-leak
    return status;
}
