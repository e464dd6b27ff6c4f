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

VOID bad_raise_to_lower(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeRaiseIrql(PASSIVE_LEVEL, &Ext->Irql); // expect: irql-lowered-improperly
    KeLowerIrql(irql);
}

VOID good_lower(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID bad_under_interrupt_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    Ext->Count++;
    KeRaiseIrql(DISPATCH_LEVEL, &inner); // expect: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_higher_and_higher(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeRaiseIrql(HIGH_LEVEL, &inner); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(inner);
    KeLowerIrql(irql);
}

VOID good_same_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(DISPATCH_LEVEL, &inner); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(inner);
    KeLowerIrql(irql);
}

/* To APC_LEVEL: from where is not known. */
VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(APC_LEVEL, &irql); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID bad_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeRaiseIrql(APC_LEVEL, &inner); // expect: irql-lowered-improperly
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeRaiseIrql(HIGH_LEVEL, &inner); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(inner);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

static KIRQL bad_to(KIRQL Level)
{
    KIRQL old;

    KeRaiseIrql(Level, &old); // expect: irql-lowered-improperly
    return old;
}

VOID helper_raises_in_wrong_order(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = bad_to(DISPATCH_LEVEL);

    Ext->Count++;
    bad_to(APC_LEVEL);
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_level_tested(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    if (KeGetCurrentIrql() < APC_LEVEL) {
        KeRaiseIrql(APC_LEVEL, &irql); // ok: irql-lowered-improperly
        Ext->Count++;
        KeLowerIrql(irql);
    }
}

VOID bad_after_raise_to_dpc(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel(), inner;

    Ext->Count++;
    KeRaiseIrql(APC_LEVEL, &inner); // expect: irql-lowered-improperly
    KeLowerIrql(irql);
}

VOID good_after_lowering(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, again;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(irql);
    KeRaiseIrql(APC_LEVEL, &again); // ok: irql-lowered-improperly
    Ext->Count++;
    KeLowerIrql(again);
}
