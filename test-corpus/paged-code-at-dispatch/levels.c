/* Of a checked build, where PAGED_CODE is more than nothing. */
#define DBG 1
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

KDEFERRED_ROUTINE helper_dpc;
DRIVER_STARTIO bad_start_io;
DRIVER_UNLOAD good_unload;

static VOID bad_read_settings(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE(); // expect: paged-code-at-dispatch
    Ext->Count = 0;
}

VOID helper_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    bad_read_settings(Ext);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

static VOID good_read_settings(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE(); // ok: paged-code-at-dispatch
    Ext->Count = 0;
}

VOID good_before_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    good_read_settings(Ext);
    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex);
    good_read_settings(Ext);
    ExReleaseFastMutex(&Ext->Mutex);
}

/* A routine that the system calls at DISPATCH_LEVEL. */
static VOID bad_called_by_dpc(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE(); // expect: paged-code-at-dispatch
    Ext->Count++;
}

VOID helper_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    bad_called_by_dpc(ext);
}

VOID bad_start_io(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    PAGED_CODE(); // expect: paged-code-at-dispatch
    UNREFERENCED_PARAMETER(Irp);
    ext->Count++;
}

VOID good_unload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    PAGED_CODE(); // ok: paged-code-at-dispatch
    ext->Removed = TRUE;
}

VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE(); // ok: paged-code-at-dispatch
    Ext->Count++;
}

/* After the lock in the same function: pointless, but not wrong. */
VOID good_again_after_release(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
    PAGED_CODE(); // ok: paged-code-at-dispatch
}

VOID bad_one_branch(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = PASSIVE_LEVEL;
    BOOLEAN locked = FALSE;

    if (Ext->Removed) {
        KeAcquireSpinLock(&Ext->Lock, &irql);
        locked = TRUE;
    }
    PAGED_CODE(); // expect: paged-code-at-dispatch
    if (locked)
        KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_after_queued_lock(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    PAGED_CODE(); // expect: paged-code-at-dispatch
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
}

/* Locked into memory: whoever calls this has seen to that. */
VOID good_locked_in_memory(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    PAGED_CODE_LOCKED(); // ok: paged-code-at-dispatch
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* A cancel routine that the driver calls as well, without a device: then it is
   not at DISPATCH_LEVEL. The system always names one. */
DRIVER_CANCEL good_cancel_or_remove;
VOID good_cancel_or_remove(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (DeviceObject == NULL) {
        PAGED_CODE(); // ok: paged-code-at-dispatch
        Irp->IoStatus.Information = 1;
        return;
    }
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

DRIVER_CANCEL bad_cancel_by_irp;
VOID bad_cancel_by_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned)
        PAGED_CODE(); // expect: paged-code-at-dispatch
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}
