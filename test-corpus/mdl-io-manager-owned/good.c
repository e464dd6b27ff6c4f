#include <ntddk.h>

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
    PUCHAR Store;
    ULONG Size;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH good_read_maps_only;
DRIVER_DISPATCH good_neither_attaches_own;
DRIVER_DISPATCH good_undoes_own_attach;
DRIVER_DISPATCH good_partial_of_request;
DRIVER_DISPATCH good_swaps_mdl;
DRIVER_DISPATCH good_own_irp;

/* Mapping is allowed; the mapping goes with the pages. */
NTSTATUS good_read_maps_only(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PVOID data = NULL;

    if (Irp->MdlAddress != NULL)
        data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (data != NULL)
        RtlCopyMemory(data, ext->Store, ext->Size);
    Irp->IoStatus.Status = data ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* The driver hangs its own MDL on the request, for the I/O manager to unlock
   and free. */
NTSTATUS good_neither_attaches_own(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PMDL mdl = IoAllocateMdl(Irp->UserBuffer, ext->Size, FALSE, FALSE, Irp);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-io-manager-owned (the driver's own)
        Irp->MdlAddress = NULL;
        return GetExceptionCode();
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* What it hung there itself it may take back. */
NTSTATUS good_undoes_own_attach(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PVOID data;

    if (IoAllocateMdl(Irp->UserBuffer, ext->Size, FALSE, FALSE, Irp) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(Irp->MdlAddress, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(Irp->MdlAddress); // ok: mdl-io-manager-owned
        Irp->MdlAddress = NULL;
        return GetExceptionCode();
    }
    data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (data == NULL) {
        MmUnlockPages(Irp->MdlAddress); // ok: mdl-io-manager-owned
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(data, ext->Store, ext->Size);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* A partial MDL is the driver's, the MDL it was built from is not. */
NTSTATUS good_partial_of_request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMDL source = Irp->MdlAddress;
    PMDL part;

    UNREFERENCED_PARAMETER(DeviceObject);
    part = IoAllocateMdl(MmGetMdlVirtualAddress(source), PAGE_SIZE, FALSE, FALSE, NULL);
    if (part != NULL) {
        IoBuildPartialMdl(source, part, MmGetMdlVirtualAddress(source), PAGE_SIZE);
        IoFreeMdl(part); // ok: mdl-io-manager-owned
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Puts another MDL in its place while the driver below works, and the old one
   back. */
NTSTATUS good_swaps_mdl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PMDL original = Irp->MdlAddress;
    PMDL own = IoAllocateMdl(ext->Store, ext->Size, FALSE, FALSE, NULL);
    NTSTATUS status;

    if (own == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(own);
    Irp->MdlAddress = own;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoForwardIrpSynchronously(ext->Lower, Irp);
    status = Irp->IoStatus.Status;
    Irp->MdlAddress = original;
    IoFreeMdl(own); // ok: mdl-io-manager-owned
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS helper_done(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->MdlAddress != NULL) {
        MmUnlockPages(Irp->MdlAddress); // ok: mdl-io-manager-owned (of an IRP of the driver)
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* An IRP the driver built itself carries the driver's MDL. */
NTSTATUS good_own_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PIRP own = IoAllocateIrp(ext->Lower->StackSize, FALSE);
    PMDL mdl;

    if (own == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(Irp->UserBuffer, ext->Size, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        IoFreeIrp(own);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        IoFreeIrp(own);
        return GetExceptionCode();
    }
    own->MdlAddress = mdl;
    IoSetCompletionRoutine(own, helper_done, NULL, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    IoCallDriver(ext->Lower, own);
    return STATUS_PENDING;
}

/* Nobody says that this is a dispatch routine: a caller may have hung its own
   MDL there. */
VOID good_unknown_irp(PIRP Irp)
{
    if (Irp->MdlAddress != NULL) {
        MmUnlockPages(Irp->MdlAddress); // ok: mdl-io-manager-owned
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
}
