#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    KSPIN_LOCK Inner;
    FAST_MUTEX Mutex;
    KEVENT Idle;
    KDPC Dpc;
    KLOCK_QUEUE_HANDLE Queued;
    ULONG Count;
    BOOLEAN Removed;
    KIRQL Irql;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_CANCEL bad_constant;
DRIVER_CANCEL bad_not_released;
DRIVER_CANCEL bad_one_path;
DRIVER_CANCEL bad_from_variable;
DRIVER_CANCEL good_cancel;
DRIVER_CANCEL good_cancel_with_queue;
DRIVER_CANCEL good_cancel_saved;
DRIVER_CANCEL good_cancel_elsewhere;
DRIVER_CANCEL good_cancel_by_helper;
VOID CancelElsewhere(PDEVICE_OBJECT DeviceObject, PIRP Irp);

VOID bad_constant(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(PASSIVE_LEVEL);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
} // expect: irql-cancel-routine

VOID good_cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
} // ok: irql-cancel-routine

VOID bad_not_released(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    ext->Removed = TRUE;
} // expect: irql-cancel-routine

VOID bad_one_path(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    if (ext->Removed)
        return; // expect: irql-cancel-routine
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* What the routine was called at is no level to return at. */
VOID bad_from_variable(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql = KeGetCurrentIrql();

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(irql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
} // expect: irql-cancel-routine

VOID good_cancel_saved(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql = Irp->CancelIrql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(irql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
} // ok: irql-cancel-routine

VOID good_cancel_with_queue(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count--;
    KeReleaseSpinLock(&ext->Lock, irql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
} // ok: irql-cancel-routine

VOID good_cancel_elsewhere(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    CancelElsewhere(DeviceObject, Irp);
} // ok: irql-cancel-routine

static VOID helper_finish(PIRP Irp)
{
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

VOID good_cancel_by_helper(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    helper_finish(Irp);
} // ok: irql-cancel-routine

/* Known by being registered. */
static VOID bad_registered(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    ext->Count--;
} // expect: irql-cancel-routine

VOID helper_queue(PIRP Irp)
{
    IoSetCancelRoutine(Irp, bad_registered);
}

VOID good_no_cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->Cancel = TRUE;
} // ok: irql-cancel-routine

/* Acquired and released once more, to the level in between. */
static VOID bad_taken_again(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count--;
    KeReleaseSpinLock(&ext->Lock, irql);
} // expect: irql-cancel-routine

VOID helper_queue_too(PIRP Irp)
{
    IoSetCancelRoutine(Irp, bad_taken_again);
}
