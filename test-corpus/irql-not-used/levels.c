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

VOID bad_one_variable(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLock(&Ext->Inner, &irql); // expect: irql-not-used
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, irql);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_two_variables(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLock(&Ext->Inner, &inner); // ok: irql-not-used
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, inner);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_inner_at_dpc_level(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Inner); // ok: irql-not-used
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Inner);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* In a member of the device extension, likewise. */
VOID bad_one_member(PDEVICE_EXTENSION Ext)
{
    KeAcquireSpinLock(&Ext->Lock, &Ext->Irql);
    KeAcquireSpinLock(&Ext->Inner, &Ext->Irql); // expect: irql-not-used
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, Ext->Irql);
    KeReleaseSpinLock(&Ext->Lock, Ext->Irql);
}

VOID good_one_after_the_other(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
    KeAcquireSpinLock(&Ext->Inner, &irql); // ok: irql-not-used
    Ext->Count--;
    KeReleaseSpinLock(&Ext->Inner, irql);
}

VOID good_copied_first(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, outer;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    outer = irql;
    KeAcquireSpinLock(&Ext->Inner, &irql); // ok: irql-not-used
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, irql);
    KeReleaseSpinLock(&Ext->Lock, outer);
}

VOID bad_raised_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeRaiseIrql(HIGH_LEVEL, &irql); // expect: irql-not-used
    Ext->Count++;
    KeLowerIrql(irql);
}

VOID good_raised_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeRaiseIrql(HIGH_LEVEL, &inner); // ok: irql-not-used
    Ext->Count++;
    KeLowerIrql(inner);
    KeLowerIrql(irql);
}

/* Round the loop, without a release. */
VOID bad_cancel_lock_in_between(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    IoAcquireCancelSpinLock(&irql); // expect: irql-not-used
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(irql);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_loop(PDEVICE_EXTENSION Ext, ULONG Turns)
{
    KIRQL irql;

    while (Turns-- > 0) {
        KeAcquireSpinLock(&Ext->Lock, &irql); // ok: irql-not-used
        Ext->Count++;
        KeReleaseSpinLock(&Ext->Lock, irql);
    }
}

static VOID helper_enter(PDEVICE_EXTENSION Ext, PKIRQL Irql)
{
    KeAcquireSpinLock(&Ext->Inner, Irql);
}

VOID good_helper_with_own_variable(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_enter(Ext, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, inner);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* The level is known to the device extension, too. */
VOID good_kept_elsewhere(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Irql = irql;
    KeAcquireSpinLock(&Ext->Inner, &irql); // ok: irql-not-used
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, irql);
    KeReleaseSpinLock(&Ext->Lock, Ext->Irql);
}

/* A fast mutex keeps the level itself: that is nobody's variable, and whether it
   can be taken again here is another question. */
VOID good_try_what_is_held(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex);
    if (ExTryToAcquireFastMutex(&Ext->Mutex)) // ok: irql-not-used
        ExReleaseFastMutex(&Ext->Mutex);
    Ext->Count++;
    ExReleaseFastMutex(&Ext->Mutex);
}
