#include <ntddk.h>

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
    PUCHAR Store;
    ULONG Size;
    ULONG LastLength;
} EXTENSION, *PEXTENSION;

/* First the data, then the completion. */
NTSTATUS good_order(PEXTENSION Extension, PIRP Irp)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data == NULL) {
        Irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    data[0] = 0; // ok: mdl-use-after-complete
    Extension->LastLength = MmGetMdlByteCount(Irp->MdlAddress);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Completed on one path, used on the other. */
NTSTATUS good_other_path(PIRP Irp, BOOLEAN Cancelled)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (Cancelled) {
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_CANCELLED;
    }
    if (data != NULL)
        data[0] = 0; // ok: mdl-use-after-complete
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* Taken off the request before, the MDL is still the driver's. */
NTSTATUS good_detached(PIRP Irp, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Irp->UserBuffer, Length, FALSE, FALSE, Irp);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        Irp->MdlAddress = NULL;
        return GetExceptionCode();
    }
    Irp->MdlAddress = NULL;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    MmUnlockPages(mdl); // ok: mdl-use-after-complete
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* An MDL that never hung on the request. */
NTSTATUS good_own_mdl(PEXTENSION Extension, PIRP Irp)
{
    PMDL mdl = IoAllocateMdl(Extension->Store, Extension->Size, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    Extension->LastLength = MmGetMdlByteCount(mdl); // ok: mdl-use-after-complete
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* The next request of the queue takes the variables over. */
VOID good_next_request(PLIST_ENTRY Queue, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY entry;

    while ((entry = ExInterlockedRemoveHeadList(Queue, Lock)) != NULL) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        PUCHAR data = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);

        if (data != NULL)
            data[0] = 1; // ok: mdl-use-after-complete
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    }
}

static NTSTATUS helper_keep(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The completion routine keeps the IRP, and what hangs on it. */
NTSTATUS good_kept_irp(PEXTENSION Extension)
{
    KEVENT event;
    NTSTATUS status;
    PIRP irp;
    PMDL mdl = IoAllocateMdl(Extension->Store, Extension->Size, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    irp = IoAllocateIrp(Extension->Lower->StackSize, FALSE);
    if (irp == NULL) {
        IoFreeMdl(mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->MdlAddress = mdl;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_keep, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(Extension->Lower, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    IoFreeMdl(mdl); // ok: mdl-use-after-complete
    IoFreeIrp(irp);
    return status;
}
