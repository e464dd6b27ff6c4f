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

KDEFERRED_ROUTINE bad_member;
KDEFERRED_ROUTINE good_member;
KDEFERRED_ROUTINE bad_constant;
KDEFERRED_ROUTINE good_saved;
KDEFERRED_ROUTINE bad_apc_level;
KDEFERRED_ROUTINE good_same_number;
KDEFERRED_ROUTINE bad_one_branch;
KDEFERRED_ROUTINE good_at_dpc_level;
KDEFERRED_ROUTINE bad_cancel_lock;
KDEFERRED_ROUTINE good_cancel_lock;
KDEFERRED_ROUTINE good_other_order;

VOID bad_member(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Irql = PASSIVE_LEVEL;
    KeReleaseSpinLock(&ext->Lock, ext->Irql); // expect: irql-inconsistent-with-required
}

VOID good_member(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &ext->Irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, ext->Irql); // ok: irql-inconsistent-with-required
}

VOID bad_constant(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, PASSIVE_LEVEL); // expect: irql-inconsistent-with-required
}

VOID good_saved(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, irql); // ok: irql-inconsistent-with-required
}

VOID bad_apc_level(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    irql = KeAcquireSpinLockRaiseToDpc(&ext->Lock);
    ext->Count++;
    irql = APC_LEVEL;
    KeReleaseSpinLock(&ext->Lock, irql); // expect: irql-inconsistent-with-required
}

VOID good_same_number(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, DISPATCH_LEVEL); // ok: irql-inconsistent-with-required
}

VOID bad_one_branch(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (ext->Removed) {
        KeReleaseSpinLock(&ext->Lock, PASSIVE_LEVEL); // expect: irql-inconsistent-with-required
        return;
    }
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, irql); // ok: irql-inconsistent-with-required
}

VOID good_at_dpc_level(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock); // ok: irql-inconsistent-with-required
}

VOID bad_cancel_lock(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    IoAcquireCancelSpinLock(&irql);
    ext->Count++;
    IoReleaseCancelSpinLock(PASSIVE_LEVEL); // expect: irql-inconsistent-with-required
}

VOID good_cancel_lock(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    IoAcquireCancelSpinLock(&irql);
    ext->Count++;
    IoReleaseCancelSpinLock(irql); // ok: irql-inconsistent-with-required
}

VOID good_other_order(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KIRQL irql, inner;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&ext->Lock, &irql);
    KeAcquireSpinLock(&ext->Inner, &inner);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, inner); // ok: irql-inconsistent-with-required
    KeReleaseSpinLock(&ext->Inner, irql); // ok: irql-inconsistent-with-required
}

/* At which level this is called is not known: PASSIVE_LEVEL, perhaps. */
VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, PASSIVE_LEVEL); // ok: irql-inconsistent-with-required
}
