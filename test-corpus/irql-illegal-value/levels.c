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

VOID bad_too_large(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(0x20, &irql); // expect: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_named(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql); // ok: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID bad_negative(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
    KeLowerIrql((KIRQL)-1); // expect: irql-illegal-value
}

VOID good_zero(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(0); // ok: irql-illegal-value
}

VOID bad_sum(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    ULONG base = 30;

    KeRaiseIrql((KIRQL)(base + 5), &irql); // expect: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_parameter(PDEVICE_EXTENSION Ext, KIRQL Level)
{
    KIRQL irql;

    KeRaiseIrql(Level, &irql); // ok: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID bad_tested_wrong(PDEVICE_EXTENSION Ext, KIRQL Level)
{
    KIRQL irql;

    if (Level <= 31)
        return;
    KeRaiseIrql(Level, &irql); // expect: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_tested(PDEVICE_EXTENSION Ext, KIRQL Level)
{
    KIRQL irql;

    if (Level > HIGH_LEVEL || Level < DISPATCH_LEVEL)
        return;
    KeRaiseIrql(Level, &irql); // ok: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID bad_lowered_to_mask(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, mask = 0x80;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(mask); // expect: irql-illegal-value
    KeLowerIrql(irql);
}

VOID good_in_steps(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(DISPATCH_LEVEL); // ok: irql-illegal-value
    KeLowerIrql(irql); // ok: irql-illegal-value
}

VOID bad_highest_plus_one(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(31 + 1, &irql); // expect: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_variable(PDEVICE_EXTENSION Ext)
{
    KIRQL level = DISPATCH_LEVEL, irql;

    KeRaiseIrql(level, &irql); // ok: irql-illegal-value
    Ext->Count++;
    KeLowerIrql(irql);
}
