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

VOID OtherFile(PDEVICE_EXTENSION Ext);
KSTART_ROUTINE bad_thread;
KSTART_ROUTINE good_thread;

VOID bad_thread(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;

    KeLowerIrql(DISPATCH_LEVEL); // expect: irql-set-too-high
    ext->Count++;
    KeLowerIrql(PASSIVE_LEVEL); // ok: irql-set-too-high
}

VOID good_thread(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ext->Count++;
    KeLowerIrql(irql); // ok: irql-set-too-high
}

VOID bad_in_paged_code(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE();
    KeLowerIrql(DISPATCH_LEVEL); // expect: irql-set-too-high
    Ext->Count++;
    KeLowerIrql(PASSIVE_LEVEL); // ok: irql-set-too-high
}

/* The new level where the old one was meant. */
VOID bad_wrong_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(HIGH_LEVEL); // expect: irql-set-too-high
    KeLowerIrql(irql);
}

VOID good_in_steps(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(DISPATCH_LEVEL); // ok: irql-set-too-high
    Ext->Count++;
    KeLowerIrql(irql); // ok: irql-set-too-high
}

VOID bad_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex);
    KeLowerIrql(DISPATCH_LEVEL); // expect: irql-set-too-high
    Ext->Count++;
    KeLowerIrql(APC_LEVEL);
    ExReleaseFastMutex(&Ext->Mutex);
}

VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
    KeLowerIrql(DISPATCH_LEVEL); // ok: irql-set-too-high
}

VOID good_raised_elsewhere(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE();
    OtherFile(Ext);
    KeLowerIrql(DISPATCH_LEVEL); // ok: irql-set-too-high
    Ext->Count++;
}

VOID good_parameter(PDEVICE_EXTENSION Ext, KIRQL Irql)
{
    PAGED_CODE();
    Ext->Count++;
    KeLowerIrql(Irql); // ok: irql-set-too-high
}

VOID bad_level_tested(PDEVICE_EXTENSION Ext)
{
    if (KeGetCurrentIrql() != PASSIVE_LEVEL)
        return;
    KeLowerIrql(APC_LEVEL); // expect: irql-set-too-high
    Ext->Count++;
    KeLowerIrql(PASSIVE_LEVEL);
}

VOID good_lowered_to_same(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeLowerIrql(DISPATCH_LEVEL); // ok: irql-set-too-high
    KeLowerIrql(irql); // ok: irql-set-too-high
}

VOID bad_lowered_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(HIGH_LEVEL, &inner);
    Ext->Count++;
    KeLowerIrql(APC_LEVEL);
    KeLowerIrql(inner); // expect: irql-set-too-high
    KeLowerIrql(irql);
}
