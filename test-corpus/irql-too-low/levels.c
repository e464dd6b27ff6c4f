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

KSTART_ROUTINE bad_thread_at_dpc_level;
KSTART_ROUTINE good_thread;
KDEFERRED_ROUTINE good_dpc;
VOID OtherFile(PDEVICE_EXTENSION Ext);

/* A thread starts at PASSIVE_LEVEL. */
VOID bad_thread_at_dpc_level(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;

    KeAcquireSpinLockAtDpcLevel(&ext->Lock); // expect: irql-too-low
    ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
}

VOID good_thread(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&ext->Inner); // ok: irql-too-low
    ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Inner); // ok: irql-too-low
    KeReleaseSpinLock(&ext->Lock, irql);
}

VOID good_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock); // ok: irql-too-low
    ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock); // ok: irql-too-low
}

/* PAGED_CODE says: APC_LEVEL at most. */
VOID bad_in_paged_code(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE();
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // expect: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
}

/* The fast mutex raises to APC_LEVEL, which is not enough. */
NTSTATUS bad_after_wait(PDEVICE_EXTENSION Ext)
{
    NTSTATUS status = KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL);

    ExAcquireFastMutex(&Ext->Mutex);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // expect: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    ExReleaseFastMutex(&Ext->Mutex);
    return status;
}

/* Who calls this is not known: at DISPATCH_LEVEL, perhaps. */
VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // ok: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock); // ok: irql-too-low
}

VOID good_level_tested(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    if (KeGetCurrentIrql() >= DISPATCH_LEVEL) {
        KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // ok: irql-too-low
        Ext->Count++;
        KeReleaseSpinLockFromDpcLevel(&Ext->Lock); // ok: irql-too-low
        return;
    }
    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_level_tested_inverted(PDEVICE_EXTENSION Ext)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL) {
        KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // expect: irql-too-low
        Ext->Count++;
        KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    }
}

VOID good_raised_first(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    PAGED_CODE();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // ok: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock); // ok: irql-too-low
    KeLowerIrql(irql);
}

/* Lowered a line too early. */
VOID bad_lowered_first(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    PAGED_CODE();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    KeLowerIrql(irql);
    KeAcquireSpinLockAtDpcLevel(&Ext->Inner); // expect: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Inner);
}

/* What is in another file may have raised the level. */
VOID good_raised_elsewhere(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE();
    OtherFile(Ext);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock); // ok: irql-too-low
    Ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock); // ok: irql-too-low
}

VOID bad_levels_swapped(PDEVICE_EXTENSION Ext)
{
    KIRQL outer, inner;

    PAGED_CODE();
    KeAcquireSpinLock(&Ext->Lock, &outer);
    KeAcquireSpinLock(&Ext->Inner, &inner);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Inner, outer); // expect: irql-set-too-low
    KeReleaseSpinLock(&Ext->Lock, inner); // ok: irql-too-low
}

/* Released below DISPATCH_LEVEL. */
VOID bad_released_after_lowering(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    PAGED_CODE();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Ext->Lock, &Ext->Queued);
    Ext->Count++;
    KeLowerIrql(irql); // expect: irql-set-too-low
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&Ext->Queued); // ok: irql-too-low
}
