#include <ntddk.h>

typedef struct _FRAME {
    PMDL Mdl;
    PVOID Va;
    ULONG Kind;
} FRAME, *PFRAME;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

NTSTATUS good_map_locked(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return status;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
    if (va != NULL)
        status = DevTransfer(va, Length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_map_if_status_good(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (NT_SUCCESS(status)) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
        NTSTATUS transfer = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
        MmUnlockPages(mdl);
        status = transfer;
    }
    IoFreeMdl(mdl);
    return status;
}

/* Locked again before it is mapped again. */
NTSTATUS good_map_after_relock(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmUnlockPages(mdl);
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto Exit;
    }

    if (MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority) == NULL) // ok: mdl-map-unlocked
        status = STATUS_INSUFFICIENT_RESOURCES;
    MmUnlockPages(mdl);
Exit:
    IoFreeMdl(mdl);
    return status;
}

/* Either way the pages are resident before the mapping. */
NTSTATUS good_both_branches_built(PFRAME Frame, PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Frame->Kind == 1) {
        MmBuildMdlForNonPagedPool(mdl);
    } else {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    }

    Frame->Va = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority); // ok: mdl-map-unlocked
    Frame->Mdl = mdl;
    return Frame->Va != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* The I/O manager has locked the MDL of a direct request. */
NTSTATUS good_direct_io(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID va = NULL;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->MdlAddress != NULL) {
        va = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority); // ok: mdl-map-unlocked
        if (va == NULL)
            status = STATUS_INSUFFICIENT_RESOURCES;
        else
            status = DevTransfer(va, MmGetMdlByteCount(Irp->MdlAddress));
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

/* Nothing is known about the other MDL. */
NTSTATUS good_other_mdl(PMDL Done, PMDL Pending)
{
    MmUnlockPages(Done);
    if (Pending == Done)
        return STATUS_INVALID_PARAMETER;
    return MmGetSystemAddressForMdlSafe(Pending, NormalPagePriority) // ok: mdl-map-unlocked
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

/* Pages of the driver's own are resident from the start. */
NTSTATUS good_own_pages(SIZE_T Bytes)
{
    PHYSICAL_ADDRESS low, high, skip;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID va;
    PMDL mdl;

    low.QuadPart = 0;
    high.QuadPart = -1;
    skip.QuadPart = 0;
    mdl = MmAllocatePagesForMdlEx(low, high, skip, Bytes, MmCached, 0);
    if (mdl == NULL)
        return status;

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
    if (va != NULL) {
        status = DevTransfer(va, MmGetMdlByteCount(mdl));
        MmUnmapLockedPages(va, mdl);
    }
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl); // ok: mdl-leak
    return status;
}
