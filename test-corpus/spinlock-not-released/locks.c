#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    KSPIN_LOCK Inner;
    LIST_ENTRY Queue;
    ULONG Count;
    BOOLEAN Removed;
    KIRQL Irql;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* The level is lost with the variable: no caller can put it right. */
NTSTATUS bad_error_path(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Removed)
        return STATUS_DELETE_PENDING; // expect: spinlock-not-released
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_SUCCESS;
}

NTSTATUS good_error_path(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Removed) {
        KeReleaseSpinLock(&Ext->Lock, irql);
        return STATUS_DELETE_PENDING; // ok: spinlock-not-released
    }
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_SUCCESS; // ok: spinlock-not-released
}

/* Meant to return with the lock: the level goes to the caller. */
KIRQL good_enter(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    return irql; // ok: spinlock-not-released
}

VOID good_enter_with_pointer(PDEVICE_EXTENSION Ext, PKIRQL Irql)
{
    KeAcquireSpinLock(&Ext->Lock, Irql);
} // ok: spinlock-not-released

VOID good_enter_and_keep(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Irql = irql;
} // ok: spinlock-not-released

VOID good_enter_at_dpc_level(PDEVICE_EXTENSION Ext)
{
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
} // ok: spinlock-not-released

/* The handle of a queued lock may not outlive the function it is in. */
VOID bad_queued_handle_dies(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    if (Ext->Removed)
        return; // expect: spinlock-not-released
    Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
}

VOID good_queued(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    if (!Ext->Removed)
        Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
} // ok: spinlock-not-released

static BOOLEAN helper_take_one(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (IsListEmpty(&Ext->Queue))
        return FALSE;
    RemoveHeadList(&Ext->Queue);
    KeReleaseSpinLock(&Ext->Lock, irql);
    return TRUE;
}

/* Whoever calls the helper has the lock now. */
VOID bad_helper_keeps_it(PDEVICE_EXTENSION Ext)
{
    if (!helper_take_one(Ext))
        return; // expect: spinlock-not-released
    Ext->Count--;
}

static KIRQL helper_enter_both(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Inner);
    return irql;
}

static VOID helper_leave_both(PDEVICE_EXTENSION Ext, KIRQL Irql)
{
    KeReleaseSpinLockFromDpcLevel(&Ext->Inner);
    KeReleaseSpinLock(&Ext->Lock, Irql);
}

VOID good_pair_of_helpers(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = helper_enter_both(Ext);

    Ext->Count++;
    helper_leave_both(Ext, irql);
} // ok: spinlock-not-released

VOID bad_pair_of_helpers(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = helper_enter_both(Ext);

    if (Ext->Removed)
        return; // expect: spinlock-not-released
    helper_leave_both(Ext, irql);
}

/* Let go by other code, which is given the level. */
VOID FinishElsewhere(PDEVICE_EXTENSION Ext, KIRQL Irql);

VOID good_released_elsewhere(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    FinishElsewhere(Ext, irql);
} // ok: spinlock-not-released

VOID good_finally(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    __try {
        if (Ext->Removed)
            return; // ok: spinlock-not-released
        Ext->Count++;
    } __finally {
        KeReleaseSpinLock(&Ext->Lock, irql);
    }
}

/* Called with the lock held: dropped for a while, and held again at the end. */
VOID good_callers_lock_dropped(PDEVICE_EXTENSION Ext)
{
    KeReleaseSpinLock(&Ext->Lock, Ext->Irql);
    FinishElsewhere(NULL, PASSIVE_LEVEL);
    KeAcquireSpinLock(&Ext->Lock, &Ext->Irql);
} // ok: spinlock-not-released

VOID good_callers_lock_dropped_for_a_moment(PDEVICE_EXTENSION Ext, KIRQL Irql)
{
    KIRQL irql;

    KeReleaseSpinLock(&Ext->Lock, Irql);
    KeAcquireSpinLock(&Ext->Lock, &irql);
} // ok: spinlock-not-released
