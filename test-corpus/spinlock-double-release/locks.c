#include <ntddk.h>

typedef struct _CHANNEL {
    KSPIN_LOCK Lock;
    KSPIN_LOCK Other;
    LIST_ENTRY Queue;
    ULONG Count;
    BOOLEAN Removed;
    KIRQL Irql;
} CHANNEL, *PCHANNEL;

VOID OtherFile(PCHANNEL Channel);

NTSTATUS bad_shared_exit(PCHANNEL Channel)
{
    KIRQL irql;
    NTSTATUS status = STATUS_SUCCESS;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    if (Channel->Removed) {
        KeReleaseSpinLock(&Channel->Lock, irql);
        status = STATUS_DELETE_PENDING;
        goto done;
    }
    Channel->Count++;
done:
    KeReleaseSpinLock(&Channel->Lock, irql); // expect: spinlock-double-release
    return status;
}

NTSTATUS good_own_exits(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    if (Channel->Removed) {
        KeReleaseSpinLock(&Channel->Lock, irql);
        return STATUS_DELETE_PENDING;
    }
    Channel->Count++;
    KeReleaseSpinLock(&Channel->Lock, irql); // ok: spinlock-double-release
    return STATUS_SUCCESS;
}

NTSTATUS good_flag_knows(PCHANNEL Channel)
{
    KIRQL irql;
    BOOLEAN held = TRUE;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    if (Channel->Removed) {
        KeReleaseSpinLock(&Channel->Lock, irql);
        held = FALSE;
    }
    if (held)
        KeReleaseSpinLock(&Channel->Lock, irql); // ok: spinlock-double-release
    return held ? STATUS_SUCCESS : STATUS_DELETE_PENDING;
}

static VOID bad_leave(PCHANNEL Channel)
{
    KeReleaseSpinLock(&Channel->Lock, Channel->Irql); // expect: spinlock-double-release
}

static VOID helper_enter(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    Channel->Irql = irql;
}

VOID helper_leaves_twice(PCHANNEL Channel)
{
    helper_enter(Channel);
    if (Channel->Count == 0)
        bad_leave(Channel);
    bad_leave(Channel);
}

VOID good_helpers_in_pairs(PCHANNEL Channel)
{
    helper_enter(Channel);
    if (Channel->Count == 0) {
        bad_leave(Channel);
        return;
    }
    Channel->Count--;
    bad_leave(Channel);
}

/* The caller holds it: the first release is right. */
VOID bad_callers_lock_twice(PCHANNEL Channel, KIRQL Irql)
{
    KeReleaseSpinLock(&Channel->Lock, Irql); // ok: spinlock-double-release
    Channel->Count = 0;
    KeReleaseSpinLock(&Channel->Lock, Irql); // expect: spinlock-double-release
}

VOID good_callers_lock(PCHANNEL Channel, KIRQL Irql)
{
    KeReleaseSpinLock(&Channel->Lock, Irql); // ok: spinlock-double-release
    KeReleaseSpinLockFromDpcLevel(&Channel->Other); // ok: spinlock-double-release
}

VOID bad_finally_releases_too(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    __try {
        if (Channel->Removed) {
            KeReleaseSpinLock(&Channel->Lock, irql);
            __leave;
        }
        Channel->Count++;
    } __finally {
        KeReleaseSpinLock(&Channel->Lock, irql); // expect: spinlock-double-release
    }
}

VOID bad_queued_twice(PCHANNEL Channel)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Channel->Lock, &handle);
    if (Channel->Removed)
        KeReleaseInStackQueuedSpinLock(&handle);
    else
        Channel->Count++;
    KeReleaseInStackQueuedSpinLock(&handle); // expect: spinlock-double-release
}

VOID good_queued_again(PCHANNEL Channel)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Channel->Lock, &handle);
    Channel->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireInStackQueuedSpinLock(&Channel->Lock, &handle);
    Channel->Count--;
    KeReleaseInStackQueuedSpinLock(&handle); // ok: spinlock-double-release
}

VOID bad_cancel_lock_twice(PIRP Irp)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    if (Irp->Cancel)
        IoReleaseCancelSpinLock(irql);
    IoSetCancelRoutine(Irp, NULL);
    IoReleaseCancelSpinLock(irql); // expect: spinlock-double-release
}

/* Dropped around the call, and taken again. */
VOID good_dropped_and_taken(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    while (!IsListEmpty(&Channel->Queue)) {
        KeReleaseSpinLock(&Channel->Lock, irql); // ok: spinlock-double-release
        OtherFile(Channel);
        KeAcquireSpinLock(&Channel->Lock, &irql);
    }
    KeReleaseSpinLock(&Channel->Lock, irql); // ok: spinlock-double-release
}

/* It may have been acquired there. */
VOID good_other_file_acquires(PCHANNEL Channel, KIRQL Irql)
{
    KeReleaseSpinLock(&Channel->Lock, Irql);
    OtherFile(Channel);
    KeReleaseSpinLock(&Channel->Lock, Irql); // ok: spinlock-double-release
}

/* Two channels, or is it one? */
VOID good_two_channels(PCHANNEL A, PCHANNEL B, KIRQL Irql)
{
    KeReleaseSpinLockFromDpcLevel(&A->Lock);
    KeReleaseSpinLock(&B->Lock, Irql); // ok: spinlock-double-release
}
