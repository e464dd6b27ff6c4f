#include <ntddk.h>

#define TAG_RANGE 'gnaR'

NTSTATUS DevTransfer(PVOID Va);

static NTSTATUS helper_map_user(PMDL Mdl, PVOID *Va)
{
    __try {
        *Va = MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        *Va = NULL;
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS helper_lock_pages(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS good_unmapped_first(PMDL Mdl)
{
    PVOID va;
    NTSTATUS status = helper_lock_pages(Mdl);

    if (!NT_SUCCESS(status))
        return status;
    status = helper_map_user(Mdl, &va);
    if (NT_SUCCESS(status)) {
        status = DevTransfer(va);
        MmUnmapLockedPages(va, Mdl);
    }
    MmUnlockPages(Mdl); // ok: mdl-mapping-leak
    return status;
}

/* A system mapping goes with the lock. */
NTSTATUS good_system_mapping(PMDL Mdl)
{
    PVOID va;
    NTSTATUS status = helper_lock_pages(Mdl);

    if (!NT_SUCCESS(status))
        return status;
    va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (va != NULL)
        status = DevTransfer(va);
    MmUnlockPages(Mdl); // ok: mdl-mapping-leak
    return status;
}

NTSTATUS good_pages_freed(ULONG Length)
{
    PHYSICAL_ADDRESS low = {0}, high, skip = {0};
    NTSTATUS status;
    PVOID va;
    PMDL mdl;

    high.QuadPart = -1;
    mdl = MmAllocatePagesForMdl(low, high, skip, Length);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_map_user(mdl, &va);
    if (NT_SUCCESS(status)) {
        DevTransfer(va);
        MmUnmapLockedPages(va, mdl);
    }
    MmFreePagesFromMdl(mdl); // ok: mdl-mapping-leak
    ExFreePool(mdl);
    return status;
}

NTSTATUS good_reserved(PMDL Mdl, PVOID Range)
{
    NTSTATUS status = helper_lock_pages(Mdl);
    PVOID va;

    if (!NT_SUCCESS(status))
        return status;
    va = MmMapLockedPagesWithReservedMapping(Range, TAG_RANGE, Mdl, MmCached);
    if (va != NULL) {
        status = DevTransfer(va);
        MmUnmapReservedMapping(Range, TAG_RANGE, Mdl);
    } else {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    MmUnlockPages(Mdl); // ok: mdl-mapping-leak
    return status;
}

/* Whether it is mapped is what the address says. */
NTSTATUS good_cleanup_by_address(PMDL Mdl)
{
    PVOID va = NULL;
    NTSTATUS status = helper_lock_pages(Mdl);

    if (!NT_SUCCESS(status))
        return status;
    status = helper_map_user(Mdl, &va);
    if (NT_SUCCESS(status))
        status = DevTransfer(va);
    if (va != NULL)
        MmUnmapLockedPages(va, Mdl);
    MmUnlockPages(Mdl); // ok: mdl-mapping-leak
    return status;
}

/* What the caller mapped is not known here. */
VOID good_unlock_only(PMDL Mdl)
{
    MmUnlockPages(Mdl); // ok: mdl-mapping-leak
    IoFreeMdl(Mdl);
}

/* A partial MDL takes its own system mapping with it. */
NTSTATUS good_partial(PMDL Source, PVOID Start, ULONG Length)
{
    PMDL part = IoAllocateMdl(Start, Length, FALSE, FALSE, NULL);
    PVOID va;

    if (part == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoBuildPartialMdl(Source, part, Start, Length);
    va = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    if (va != NULL)
        DevTransfer(va);
    IoFreeMdl(part); // ok: mdl-mapping-leak
    return STATUS_SUCCESS;
}
