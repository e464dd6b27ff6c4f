// Attaching to the stack, and everything that just passes through.
#include "filter.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PfUnload;
DRIVER_ADD_DEVICE PfAddDevice;
DRIVER_DISPATCH PfDispatchAny;
DRIVER_DISPATCH PfDispatchPnp;
DRIVER_DISPATCH PfDispatchPower;
IO_COMPLETION_ROUTINE PfSignalAndKeep;

NTSTATUS PfComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS PfPassDown(PPF_DEVICE Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Device->Lower, Irp);
}

NTSTATUS PfSignalAndKeep(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PKEVENT event = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);

    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Sends an IRP whose next stack location is filled in, and has it back on return.
NTSTATUS PfSendAndWait(PDEVICE_OBJECT Lower, PIRP Irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(Irp, PfSignalAndKeep, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    return Irp->IoStatus.Status;
}

NTSTATUS PfDispatchAny(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return PfPassDown(DeviceObject->DeviceExtension, Irp);
}

NTSTATUS PfDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPF_DEVICE device = DeviceObject->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(device->Lower, Irp);
}

static NTSTATUS PfStartDevice(PPF_DEVICE Device, PIRP Irp)
{
    NTSTATUS status;

    IoCopyCurrentIrpStackLocationToNext(Irp);
    status = PfSendAndWait(Device->Lower, Irp);
    if (NT_SUCCESS(status)) {
        // A disk we cannot read yet is no reason to fail the start.
        if (!NT_SUCCESS(PfReadSignature(Device, &Device->Signature))) {
            Device->Signature = 0;
        }
    }
    return PfComplete(Irp, status, Irp->IoStatus.Information);
}

NTSTATUS PfDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPF_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return PfStartDevice(device, Irp);

    case IRP_MN_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        status = PfPassDown(device, Irp);
        IoDetachDevice(device->Lower);
        IoDeleteDevice(DeviceObject);
        return status;

    default:
        return PfPassDown(device, Irp);
    }
}

NTSTATUS PfAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    NTSTATUS status;
    PDEVICE_OBJECT object = NULL;
    PPF_DEVICE device;

    status = IoCreateDevice(DriverObject, sizeof(PF_DEVICE), NULL, FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &object);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device = object->DeviceExtension;
    RtlZeroMemory(device, sizeof(*device));
    device->Self = object;
    device->Physical = PhysicalDeviceObject;
    device->Lower = IoAttachDeviceToDeviceStack(object, PhysicalDeviceObject);
    if (device->Lower == NULL) {
        IoDeleteDevice(object);
        return STATUS_NO_SUCH_DEVICE;
    }
    object->Flags |= device->Lower->Flags & (DO_DIRECT_IO | DO_BUFFERED_IO | DO_POWER_PAGABLE);
    object->Characteristics = device->Lower->Characteristics;
    object->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

VOID PfUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG major;

    UNREFERENCED_PARAMETER(RegistryPath);

    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        DriverObject->MajorFunction[major] = PfDispatchAny;
    }
    DriverObject->MajorFunction[IRP_MJ_READ] = PfReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PfReadWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = PfDispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = PfDispatchPower;
    DriverObject->DriverExtension->AddDevice = PfAddDevice;
    DriverObject->DriverUnload = PfUnload;
    return STATUS_SUCCESS;
}
