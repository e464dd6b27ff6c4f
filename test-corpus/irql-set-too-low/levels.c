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

KDEFERRED_ROUTINE bad_dpc_lowers;
KDEFERRED_ROUTINE good_dpc;
DRIVER_STARTIO bad_start_io_lowers;

VOID bad_lowered_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeLowerIrql(PASSIVE_LEVEL); // expect: irql-set-too-low
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_lowered_after_release(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    KeLowerIrql(irql); // ok: irql-set-too-low
}

VOID bad_dpc_lowers(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeLowerIrql(PASSIVE_LEVEL); // expect: irql-set-too-low
    ext->Count++;
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
    KeLowerIrql(irql); // ok: irql-set-too-low
}

VOID bad_start_io_lowers(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    ext->Count++;
    KeLowerIrql(APC_LEVEL); // expect: irql-set-too-low
    ext->Count++;
    KeRaiseIrql(DISPATCH_LEVEL, &ext->Irql);
}

VOID bad_inner_released_too_low(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLock(&Ext->Inner, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, PASSIVE_LEVEL); // expect: irql-set-too-low
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_inner_released(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLock(&Ext->Inner, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, inner); // ok: irql-set-too-low
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql); // ok: irql-set-too-low
}

VOID good_other_order(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLock(&Ext->Inner, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, inner); // ok: irql-set-too-low
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, irql); // ok: irql-set-too-low
}

/* Whoever called is at PASSIVE_LEVEL, perhaps. */
VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(PASSIVE_LEVEL); // ok: irql-set-too-low
}

VOID good_from_high_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeRaiseIrql(HIGH_LEVEL, &inner);
    Ext->Count++;
    KeLowerIrql(inner); // ok: irql-set-too-low
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_under_queued_lock(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    KeLowerIrql(APC_LEVEL); // expect: irql-set-too-low
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
}

VOID good_without_lock(PDEVICE_EXTENSION Ext)
{
    KeRaiseIrql(DISPATCH_LEVEL, &Ext->Irql);
    Ext->Count++;
    KeLowerIrql(APC_LEVEL); // ok: irql-set-too-low
    KeLowerIrql(Ext->Irql);
}
