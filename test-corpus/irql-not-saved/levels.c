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

VOID FillElsewhere(PKIRQL Irql);

VOID bad_acquired_at_dpc_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql); // expect: irql-not-saved
}

VOID good_acquired(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql); // ok: irql-not-saved
}

VOID bad_lowered_without_raise(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    if (Ext->Count != 0)
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(irql); // expect: irql-not-saved
}

VOID good_lowered_where_raised(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    BOOLEAN raised = FALSE;

    if (Ext->Count != 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        raised = TRUE;
    }
    Ext->Count++;
    if (raised)
        KeLowerIrql(irql); // ok: irql-not-saved
}

/* The wrong one of two variables. */
VOID bad_wrong_variable(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, other;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Irql = irql;
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, other); // expect: irql-not-saved
}

VOID good_copied(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, other;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    other = irql;
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, other); // ok: irql-not-saved
}

VOID bad_queue_handle(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Ext->Lock, &handle);
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle); // expect: irql-not-saved
}

VOID good_queue_handle(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle); // ok: irql-not-saved
}

/* The cancel lock was not acquired on this path. */
VOID bad_cancel_lock(PIRP Irp, BOOLEAN Locked)
{
    KIRQL irql;

    if (!Locked)
        IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(irql); // expect: irql-not-saved
}

VOID good_cancel_lock(PIRP Irp)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(irql); // ok: irql-not-saved
}

/* Filled by what is in another file. */
VOID good_filled_elsewhere(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    FillElsewhere(&irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql); // ok: irql-not-saved
}

VOID good_parameter(PDEVICE_EXTENSION Ext, KIRQL Irql)
{
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, Irql); // ok: irql-not-saved
}
