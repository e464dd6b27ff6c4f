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

KSTART_ROUTINE bad_thread;
KDEFERRED_ROUTINE good_dpc;
DRIVER_DISPATCH bad_dispatch_keeps_mutex;
DRIVER_UNLOAD bad_unload;
DRIVER_UNLOAD good_unload;
VOID GoOnElsewhere(PDEVICE_EXTENSION Ext, KIRQL Irql);

NTSTATUS bad_error_path(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (Ext->Removed)
        return STATUS_DELETE_PENDING; // expect: irql-not-restored
    Ext->Count++;
    KeLowerIrql(irql);
    return STATUS_SUCCESS;
}

NTSTATUS good_error_path(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (Ext->Removed) {
        KeLowerIrql(irql);
        return STATUS_DELETE_PENDING; // ok: irql-not-restored
    }
    Ext->Count++;
    KeLowerIrql(irql);
    return STATUS_SUCCESS; // ok: irql-not-restored
}

/* Released as if it had been acquired at DISPATCH_LEVEL. */
VOID bad_released_from_dpc_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
} // expect: irql-not-restored

VOID good_released_and_lowered(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    KeLowerIrql(irql);
} // ok: irql-not-restored

VOID good_other_order(PDEVICE_EXTENSION Ext)
{
    KIRQL outer, inner;

    KeAcquireSpinLock(&Ext->Lock, &outer);
    KeAcquireSpinLock(&Ext->Inner, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, inner);
    KeReleaseSpinLock(&Ext->Inner, outer);
} // ok: irql-not-restored

/* Meant to return at DISPATCH_LEVEL: the caller gets the level. */
KIRQL good_enter(VOID)
{
    return KeRaiseIrqlToDpcLevel();
} // ok: irql-not-restored

VOID good_enter_and_keep(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Irql = irql;
} // ok: irql-not-restored

VOID good_leave(PDEVICE_EXTENSION Ext)
{
    KeLowerIrql(Ext->Irql);
} // ok: irql-not-restored

VOID bad_thread(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;

    KeRaiseIrql(DISPATCH_LEVEL, &ext->Irql);
    if (ext->Removed)
        return; // expect: irql-not-restored
    ext->Count++;
    KeLowerIrql(ext->Irql);
}

VOID good_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    ext->Count++;
    KeLowerIrql(irql);
} // ok: irql-not-restored

/* A fast mutex raises to APC_LEVEL. */
VOID bad_unload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    ExAcquireFastMutex(&ext->Mutex);
    if (ext->Count != 0)
        return; // expect: irql-not-restored
    ext->Removed = TRUE;
    ExReleaseFastMutex(&ext->Mutex);
}

VOID good_unload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    ExAcquireFastMutex(&ext->Mutex);
    ext->Removed = TRUE;
    ExReleaseFastMutex(&ext->Mutex);
} // ok: irql-not-restored

/* Restored in another file, which is given the level. */
VOID good_restored_elsewhere(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    GoOnElsewhere(Ext, irql);
} // ok: irql-not-restored

static KIRQL helper_raise(VOID)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    return irql;
}

VOID bad_helper_raised(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = helper_raise();

    if (Ext->Removed)
        return; // expect: irql-not-restored
    KeLowerIrql(irql);
}

VOID good_helper_raised(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = helper_raise();

    Ext->Count++;
    KeLowerIrql(irql);
} // ok: irql-not-restored
