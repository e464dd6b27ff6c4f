#include <ntddk.h>

typedef struct _EXTENSION {
    PUCHAR Store;
    ULONG Size;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH bad_read_unlocks_request;
DRIVER_DISPATCH bad_write_frees_request;
DRIVER_DISPATCH bad_error_path_only;
DRIVER_DISPATCH bad_in_helper;

/* The pages were locked by the I/O manager, which will unlock them again. */
NTSTATUS bad_read_unlocks_request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PVOID data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data != NULL)
        RtlCopyMemory(data, ext->Store, ext->Size);
    MmUnlockPages(Irp->MdlAddress); // expect: mdl-io-manager-owned
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Detached, so that the I/O manager does not free it once more: the MDL is
   still not the driver's, and its pages stay locked. */
NTSTATUS bad_write_frees_request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMDL mdl = Irp->MdlAddress;

    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->MdlAddress = NULL;
    IoFreeMdl(mdl); // expect: mdl-io-manager-owned
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* "Cleans up" where the mapping fails. */
NTSTATUS bad_error_path_only(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    PEXTENSION ext = DeviceObject->DeviceExtension;
    PVOID data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        MmUnlockPages(Irp->MdlAddress); // expect: mdl-io-manager-owned
    } else {
        RtlCopyMemory(ext->Store, data, ext->Size);
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static VOID helper_release(PMDL Mdl)
{
    MmUnlockPages(Mdl); // expect: mdl-io-manager-owned
    IoFreeMdl(Mdl);
}

/* What is right for the driver's own MDLs is not for this one. */
NTSTATUS bad_in_helper(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->MdlAddress != NULL)
        helper_release(Irp->MdlAddress);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* The whole chain came with the request. */
static NTSTATUS bad_free_chain(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMDL mdl, next;

    UNREFERENCED_PARAMETER(DeviceObject);
    for (mdl = Irp->MdlAddress; mdl != NULL; mdl = next) {
        next = mdl->Next;
        IoFreeMdl(mdl); // expect: mdl-io-manager-owned
    }
    Irp->MdlAddress = NULL;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Registered in a table of the driver object. */
VOID helper_register(PDRIVER_OBJECT DriverObject)
{
    DriverObject->MajorFunction[IRP_MJ_WRITE] = bad_free_chain;
}
