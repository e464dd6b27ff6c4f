// Start, stop, open and close.
#include "neither.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NeitherUnload;
DRIVER_DISPATCH NeitherCreateClose;

static UNICODE_STRING NeitherDeviceName = RTL_CONSTANT_STRING(L"\\Device\\NeitherStore");
static UNICODE_STRING NeitherLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\NeitherStore");

NTSTATUS NeitherComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS NeitherCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    return NeitherComplete(Irp, STATUS_SUCCESS, 0);
}

VOID NeitherUnload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT object = DriverObject->DeviceObject;
    PNEITHER_DEVICE device;

    IoDeleteSymbolicLink(&NeitherLinkName);
    if (object != NULL) {
        device = object->DeviceExtension;
        if (device->Store != NULL) {
            ExFreePoolWithTag(device->Store, NEITHER_TAG);
            device->Store = NULL;
        }
        IoDeleteDevice(object);
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;
    PDEVICE_OBJECT object = NULL;
    PNEITHER_DEVICE device;

    UNREFERENCED_PARAMETER(RegistryPath);

    status = IoCreateDevice(DriverObject, sizeof(NEITHER_DEVICE), &NeitherDeviceName, NEITHER_DEVICE_TYPE,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &object);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    device = object->DeviceExtension;
    RtlZeroMemory(device, sizeof(*device));
    device->Self = object;
    ExInitializeFastMutex(&device->StoreLock);

    device->Store = ExAllocatePoolWithTag(NonPagedPool, NEITHER_STORE_LENGTH, NEITHER_TAG);
    if (device->Store == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail;
    }
    RtlZeroMemory(device->Store, NEITHER_STORE_LENGTH);
    device->StoreLength = NEITHER_STORE_LENGTH;

    status = IoCreateSymbolicLink(&NeitherLinkName, &NeitherDeviceName);
    if (!NT_SUCCESS(status)) {
        goto fail;
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = NeitherCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = NeitherCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = NeitherDeviceControl;
    DriverObject->DriverUnload = NeitherUnload;
    object->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;

fail:
    if (device->Store != NULL) {
        ExFreePoolWithTag(device->Store, NEITHER_TAG);
    }
    IoDeleteDevice(object);
    return status;
}
