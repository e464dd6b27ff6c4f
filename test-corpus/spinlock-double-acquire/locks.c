#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    KSPIN_LOCK OtherLock;
    KSPIN_LOCK PerChannel[2];
    LIST_ENTRY Queue;
    ULONG Count;
    ULONG Done;
    BOOLEAN Removed;
    PKINTERRUPT Interrupt;
    struct _DEVICE_EXTENSION *Lower;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

VOID OtherFile(PDEVICE_EXTENSION Ext);

/* Called with the lock held below. */
static VOID bad_count_done(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql); // expect: spinlock-double-acquire
    Ext->Done++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

static VOID helper_count_done(PDEVICE_EXTENSION Ext)
{
    Ext->Done++;
}

VOID helper_counts_while_holding(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (IsListEmpty(&Ext->Queue))
        bad_count_done(Ext);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_helper_after_release(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    BOOLEAN empty;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    empty = IsListEmpty(&Ext->Queue);
    helper_count_done(Ext);
    KeReleaseSpinLock(&Ext->Lock, irql);
    if (empty)
        bad_count_done(Ext);
}

/* The release is missing on the way round. */
VOID bad_loop_without_release(PDEVICE_EXTENSION Ext, ULONG Turns)
{
    KIRQL irql;
    ULONG i;

    for (i = 0; i < Turns; i++) {
        KeAcquireSpinLock(&Ext->Lock, &irql); // expect: spinlock-double-acquire
        if (Ext->Count == i)
            continue;
        Ext->Count++;
        KeReleaseSpinLock(&Ext->Lock, irql);
    }
} // expect: spinlock-not-released

VOID good_loop(PDEVICE_EXTENSION Ext, ULONG Turns)
{
    KIRQL irql;
    ULONG i;

    for (i = 0; i < Turns; i++) {
        KeAcquireSpinLock(&Ext->Lock, &irql); // ok: spinlock-double-acquire
        if (Ext->Count != i)
            Ext->Count++;
        KeReleaseSpinLock(&Ext->Lock, irql);
    }
}

/* In a DPC the same lock once more. */
VOID bad_at_dpc_level_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // expect: spinlock-double-acquire
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_two_locks(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->OtherLock); // ok: spinlock-double-acquire
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->OtherLock);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Two devices, two locks of the same name. */
VOID good_lower_device(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lower->Lock); // ok: spinlock-double-acquire
    Ext->Lower->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lower->Lock);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_found_to_be_the_same(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Lower == Ext) {
        KeAcquireSpinLockAtDpcLevel(&Ext->Lower->Lock); // expect: spinlock-double-acquire
        KeReleaseSpinLockFromDpcLevel(&Ext->Lower->Lock);
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_queued_after_plain(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle); // expect: spinlock-double-acquire
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_queued(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle, other;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    KeAcquireInStackQueuedSpinLock(&Ext->OtherLock, &other); // ok: spinlock-double-acquire
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&other);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle); // ok: spinlock-double-acquire
    Ext->Done++;
    KeReleaseInStackQueuedSpinLock(&handle);
}

VOID bad_cancel_lock_twice(PIRP Irp, PIRP Other)
{
    KIRQL irql, inner;

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    IoAcquireCancelSpinLock(&inner); // expect: spinlock-double-acquire
    IoSetCancelRoutine(Other, NULL);
    IoReleaseCancelSpinLock(inner);
    IoReleaseCancelSpinLock(irql);
}

VOID good_cancel_lock(PIRP Irp, PIRP Other)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(irql);
    IoAcquireCancelSpinLock(&irql); // ok: spinlock-double-acquire
    IoSetCancelRoutine(Other, NULL);
    IoReleaseCancelSpinLock(irql);
}

VOID bad_interrupt_lock_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql, inner;

    irql = KeAcquireInterruptSpinLock(Ext->Interrupt);
    if (Ext->Count != 0) {
        inner = KeAcquireInterruptSpinLock(Ext->Interrupt); // expect: spinlock-double-acquire
        Ext->Count = 0;
        KeReleaseInterruptSpinLock(Ext->Interrupt, inner);
    }
    KeReleaseInterruptSpinLock(Ext->Interrupt, irql);
}

/* Who tries does not wait: and does not get it. */
VOID good_trying(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (KeTryToAcquireSpinLockAtDpcLevel(&Ext->OtherLock)) { // ok: spinlock-double-acquire
        Ext->Count++;
        KeReleaseSpinLockFromDpcLevel(&Ext->OtherLock);
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* The flag knows. */
VOID good_if_not_held(PDEVICE_EXTENSION Ext, BOOLEAN Held)
{
    KIRQL irql = PASSIVE_LEVEL;
    BOOLEAN ours = FALSE;

    if (!Held) {
        KeAcquireSpinLock(&Ext->Lock, &irql);
        ours = TRUE;
    }
    Ext->Count++;
    if (ours)
        KeReleaseSpinLock(&Ext->Lock, irql);
    helper_count_done(Ext);
    KeAcquireSpinLock(&Ext->OtherLock, &irql); // ok: spinlock-double-acquire
    KeReleaseSpinLock(&Ext->OtherLock, irql);
}

/* What is in another file was given all it takes to release the lock. */
VOID ReleaseInOtherFile(PDEVICE_EXTENSION Ext, KIRQL Irql);

VOID good_released_elsewhere(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    ReleaseInOtherFile(Ext, irql);
    KeAcquireSpinLock(&Ext->Lock, &irql); // ok: spinlock-double-acquire
    Ext->Count--;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Index by index: which one is which is not followed. */
VOID good_all_channels(PDEVICE_EXTENSION Ext)
{
    KIRQL irql[2];
    ULONG i;

    for (i = 0; i < 2; i++)
        KeAcquireSpinLock(&Ext->PerChannel[i], &irql[i]); // ok: spinlock-double-acquire
    Ext->Count++;
    for (i = 2; i > 0; i--)
        KeReleaseSpinLock(&Ext->PerChannel[i - 1], irql[i - 1]);
}
