#include "fields.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS good_share(PDEVICE Device, PVOID Buffer, ULONG Length);
VOID good_close(PDEVICE Device);

static PDEVICE helper_device;

static VOID helper_unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    good_close(helper_device);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    helper_device = ExAllocatePoolWithTag(NonPagedPool, sizeof(DEVICE), 'veD_');
    if (helper_device == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    DriverObject->DriverUnload = helper_unload;
    return good_share(helper_device, RegistryPath->Buffer, RegistryPath->Length);
}
