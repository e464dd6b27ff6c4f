// Start, stop, open and close.
#include "dma.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DmaUnload;
DRIVER_DISPATCH DmaCreateClose;

static UNICODE_STRING DmaDeviceName = RTL_CONSTANT_STRING(L"\\Device\\DmaContext");
static UNICODE_STRING DmaLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\DmaContext");

NTSTATUS DmaCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, NT_SUCCESS(Status) ? IO_DISK_INCREMENT : IO_NO_INCREMENT);
    return Status;
}

NTSTATUS DmaCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDMA_DEVICE device = DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&device->QueueLock, &irql);
    if (device->Stopping && IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_CREATE) {
        status = STATUS_DELETE_PENDING;
    }
    KeReleaseSpinLock(&device->QueueLock, irql);
    return DmaCompleteIrp(Irp, status, 0);
}

// Lets nothing new in and waits for what is on its way.
static VOID DmaDrain(PDMA_DEVICE Device)
{
    BOOLEAN busy;
    KIRQL irql;

    KeAcquireSpinLock(&Device->QueueLock, &irql);
    Device->Stopping = TRUE;
    busy = Device->Outstanding != 0;
    if (busy) {
        KeClearEvent(&Device->Idle);
        KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    }
    KeReleaseSpinLock(&Device->QueueLock, irql);
    KeFlushQueuedDpcs();
}

VOID DmaUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT object = DriverObject->DeviceObject;
    PDMA_DEVICE device;

    IoDeleteSymbolicLink(&DmaLinkName);
    if (object == NULL) {
        return;
    }
    device = object->DeviceExtension;
    DmaDrain(device);
    if (device->Buffer != NULL) {
        ExFreePoolWithTag(device->Buffer, DMA_TAG);
        device->Buffer = NULL;
    }
    IoDeleteDevice(object);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;
    PDEVICE_OBJECT object = NULL;
    PDMA_DEVICE device;

    UNREFERENCED_PARAMETER(RegistryPath);

    // Neither buffered nor direct: the driver locks what it needs itself.
    status = IoCreateDevice(DriverObject, sizeof(DMA_DEVICE), &DmaDeviceName, DMA_DEVICE_TYPE, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &object);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    device = object->DeviceExtension;
    RtlZeroMemory(device, sizeof(*device));
    device->Self = object;
    KeInitializeSpinLock(&device->QueueLock);
    InitializeListHead(&device->Queue);
    KeInitializeEvent(&device->Idle, NotificationEvent, TRUE);
    KeInitializeDpc(&device->TransferDpc, DmaTransferDpc, device);

    device->Buffer = ExAllocatePoolWithTag(NonPagedPool, DMA_BUFFER_LENGTH, DMA_TAG);
    if (device->Buffer == NULL) {
        IoDeleteDevice(object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(device->Buffer, DMA_BUFFER_LENGTH);

    status = IoCreateSymbolicLink(&DmaLinkName, &DmaDeviceName);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(device->Buffer, DMA_TAG);
        IoDeleteDevice(object);
        return status;
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = DmaCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DmaCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DmaCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = DmaReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DmaReadWrite;
    DriverObject->DriverUnload = DmaUnload;
    object->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
