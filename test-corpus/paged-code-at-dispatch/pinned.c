/* A whole driver that locks one of its sections into memory, and not the other. */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE good_entry;
DRIVER_DISPATCH good_read;
DRIVER_DISPATCH bad_write;
PVOID PinnedSection;

VOID helper_pinned(PDEVICE_EXTENSION Ext);
VOID helper_not_pinned(PDEVICE_EXTENSION Ext);
#pragma alloc_text(PAGESER, helper_pinned)
#pragma alloc_text(PAGEOTH, helper_not_pinned)

VOID helper_pinned(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

VOID helper_not_pinned(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

NTSTATUS good_read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    PinnedSection = MmLockPagableCodeSection((PVOID)(ULONG_PTR)helper_pinned);
    KeAcquireSpinLock(&ext->Lock, &irql);
    helper_pinned(ext); // ok: paged-code-at-dispatch
    KeReleaseSpinLock(&ext->Lock, irql);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS bad_write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    helper_not_pinned(ext); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&ext->Lock, irql);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS good_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_READ] = good_read;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = bad_write;
    return STATUS_SUCCESS;
}
