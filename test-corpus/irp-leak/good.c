#include <ntddk.h>

typedef struct _TRANSFER {
    KEVENT Event;
    IO_STATUS_BLOCK Iosb;
    LIST_ENTRY Free;
    PIRP Irp;
} TRANSFER, *PTRANSFER;

BOOLEAN DevIsReady(PDEVICE_OBJECT Device);
VOID DevKeep(PIRP Irp);

static NTSTATUS NTAPI helper_done(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    KeSetEvent(&((PTRANSFER)Context)->Event, IO_NO_INCREMENT, FALSE);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS good_freed_on_error(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!DevIsReady(Device)) {
        IoFreeIrp(irp);
        return STATUS_DEVICE_NOT_READY; // ok: irp-leak
    }
    return IoCallDriver(Device, irp); // ok: irp-leak
}

NTSTATUS good_sent_and_freed(PDEVICE_OBJECT Device)
{
    TRANSFER context;
    NTSTATUS status;
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&context.Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_done, &context, TRUE, TRUE, TRUE);
    status = IoCallDriver(Device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&context.Event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    IoFreeIrp(irp);
    return status; // ok: irp-leak
}

/* Kept in the caller's structure. */
NTSTATUS good_kept(PDEVICE_OBJECT Device, PTRANSFER Context)
{
    Context->Irp = IoAllocateIrp(Device->StackSize, FALSE);
    if (Context->Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS; // ok: irp-leak
}

/* On the caller's list. */
NTSTATUS good_on_list(PDEVICE_OBJECT Device, PTRANSFER Context)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    InsertTailList(&Context->Free, &irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS; // ok: irp-leak
}

static PIRP helper_make(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return NULL;
    irp->Flags |= IRP_NOCACHE;
    return irp; // ok: irp-leak
}

NTSTATUS good_made_and_freed(PDEVICE_OBJECT Device)
{
    PIRP irp = helper_make(Device);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!DevIsReady(Device))
        IoFreeIrp(irp);
    else
        IoCallDriver(Device, irp);
    return STATUS_SUCCESS; // ok: irp-leak
}

NTSTATUS good_given_away(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    DevKeep(irp);
    return STATUS_SUCCESS; // ok: irp-leak
}

/* One that belongs to the thread is freed when it completes, or by the I/O manager. */
NTSTATUS good_threaded(PDEVICE_OBJECT Device, PTRANSFER Context)
{
    PIRP irp = IoBuildDeviceIoControlRequest(0x2D1080, Device, NULL, 0, NULL, 0, FALSE, &Context->Event, &Context->Iosb);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return IoCallDriver(Device, irp); // ok: irp-leak
}

NTSTATUS good_all_in_one_exit(PDEVICE_OBJECT Device, PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PMDL mdl = NULL;
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        goto Exit;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        goto Exit;
    MmBuildMdlForNonPagedPool(mdl);
    status = DevIsReady(Device) ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
Exit:
    if (mdl != NULL)
        IoFreeMdl(mdl);
    if (irp != NULL)
        IoFreeIrp(irp);
    return status; // ok: irp-leak
}
