#include <ntddk.h>
#include "compat.h"

/* Functions of another file that change the level. */

typedef struct _PORT {
    KSPIN_LOCK Lock;
    KLOCK_QUEUE_HANDLE Handle;
    KEVENT Done;
    ULONG Count;
} PORT, *PPORT;

_IRQL_requires_max_(DISPATCH_LEVEL)
_IRQL_raises_(DISPATCH_LEVEL)
VOID helper_lock(_In_ PPORT Port, _Out_ _IRQL_saves_ PKIRQL OldIrql);

_IRQL_requires_(DISPATCH_LEVEL)
VOID helper_unlock(_In_ PPORT Port, _In_ _IRQL_restores_ KIRQL OldIrql);

_IRQL_raises_(DISPATCH_LEVEL)
_IRQL_saves_
KIRQL helper_raise(VOID);

_IRQL_raises_(DISPATCH_LEVEL)
_At_(*OldIrql, _IRQL_saves_)
VOID helper_lock_at(_In_ PPORT Port, _Out_ PKIRQL OldIrql);

_At_(*OldIrql, _IRQL_restores_)
VOID helper_unlock_at(_In_ PPORT Port, _In_ PKIRQL OldIrql);

_IRQL_raises_(NewIrql)
VOID helper_raise_to(_In_ KIRQL NewIrql, _Out_ _IRQL_saves_ PKIRQL OldIrql);

_IRQL_raises_(DISPATCH_LEVEL)
_IRQL_saves_global_(QueuedSpinLock, Handle)
VOID helper_lock_queued(_In_ PPORT Port, _Out_ PKLOCK_QUEUE_HANDLE Handle);

_IRQL_raises_(DISPATCH_LEVEL)
_IRQL_saves_global_(SpinLock, Port)
VOID helper_lock_global(_In_ PPORT Port);

_IRQL_restores_global_(SpinLock, Port)
VOID helper_unlock_global(_In_ PPORT Port);

VOID helper_leave_cancel(_In_ _IRQL_uses_cancel_ KIRQL CancelIrql);

void bad_wait_in_lock(PPORT Port)
{
    KIRQL irql;

    helper_lock(Port, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_unlock(Port, irql);
}

void good_wait_after_lock(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    helper_lock(Port, &irql);
    Port->Count++;
    helper_unlock(Port, irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

void bad_wait_after_raise(PPORT Port)
{
    KIRQL irql = helper_raise();

    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    KeLowerIrql(irql);
}

void good_wait_after_lower(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    irql = helper_raise();
    Port->Count++;
    KeLowerIrql(irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

void bad_wait_in_lock_at(PPORT Port)
{
    KIRQL irql;

    helper_lock_at(Port, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_unlock_at(Port, &irql);
}

void good_wait_after_lock_at(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    helper_lock_at(Port, &irql);
    Port->Count++;
    helper_unlock_at(Port, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

void bad_raised_to_argument(PPORT Port)
{
    KIRQL irql;

    helper_raise_to(DISPATCH_LEVEL, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    KeLowerIrql(irql);
}

void good_raised_to_argument(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    helper_raise_to(APC_LEVEL, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
    KeLowerIrql(irql);
}

/* The handle is the one that the system's own function knows. */
void bad_queued(PPORT Port)
{
    helper_lock_queued(Port, &Port->Handle);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    KeReleaseInStackQueuedSpinLock(&Port->Handle);
}

void good_queued(PPORT Port)
{
    PAGED_CODE();
    helper_lock_queued(Port, &Port->Handle);
    KeReleaseInStackQueuedSpinLock(&Port->Handle);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

void bad_global(PPORT Port)
{
    helper_lock_global(Port);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_unlock_global(Port);
}

void good_global(PPORT Port)
{
    PAGED_CODE();
    helper_lock_global(Port);
    helper_unlock_global(Port);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

void bad_cancel_lock(PPORT Port)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_leave_cancel(irql);
}

void good_cancel_lock(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    IoAcquireCancelSpinLock(&irql);
    helper_leave_cancel(irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* The older spelling. */
__drv_raisesIRQL(DISPATCH_LEVEL)
VOID helper_older_lock(_In_ PPORT Port, __drv_out_deref(__drv_savesIRQL) PKIRQL OldIrql);

__drv_setsIRQL(DISPATCH_LEVEL)
__drv_ret(__drv_savesIRQL)
KIRQL helper_older_raise(VOID);

VOID helper_older_unlock(_In_ PPORT Port, __drv_in(__drv_restoresIRQL) KIRQL OldIrql);

__drv_raisesIRQL(DISPATCH_LEVEL)
__drv_savesIRQLGlobal(SpinLock, Port)
VOID helper_older_lock_global(_In_ PPORT Port);

__drv_restoresIRQLGlobal(SpinLock, Port)
VOID helper_older_unlock_global(_In_ PPORT Port);

VOID helper_older_cancel(__drv_useCancelIRQL KIRQL CancelIrql);

void bad_older(PPORT Port)
{
    KIRQL irql;

    helper_older_lock(Port, &irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_older_unlock(Port, irql);
    irql = helper_older_raise();
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    KeLowerIrql(irql);
    helper_older_lock_global(Port);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_older_unlock_global(Port);
}

void good_older(PPORT Port)
{
    KIRQL irql;

    PAGED_CODE();
    helper_older_lock(Port, &irql);
    helper_older_unlock(Port, irql);
    irql = helper_older_raise();
    KeLowerIrql(irql);
    helper_older_lock_global(Port);
    helper_older_unlock_global(Port);
    IoAcquireCancelSpinLock(&irql);
    helper_older_cancel(irql);
    KeWaitForSingleObject(&Port->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* Half of a pair is annotated with what it does, half with what it needs only. */
_IRQL_raises_(DISPATCH_LEVEL)
VOID helper_enter_queue(_In_ PPORT Port);

_IRQL_requires_(DISPATCH_LEVEL)
VOID helper_leave_queue(_In_ PPORT Port);

_IRQL_requires_(DISPATCH_LEVEL)
_IRQL_requires_same_
VOID helper_look_at_queue(_In_ PPORT Port);

_IRQL_requires_max_(PASSIVE_LEVEL)
VOID helper_patient(VOID);

_IRQL_requires_max_(PASSIVE_LEVEL)
void good_leaves_queue(PPORT Port)
{
    helper_enter_queue(Port);
    helper_leave_queue(Port);
    helper_patient(); // ok: irql-too-high
}

void bad_stays_in_queue(PPORT Port)
{
    helper_enter_queue(Port);
    helper_look_at_queue(Port);
    helper_patient(); // expect: irql-too-high
    helper_leave_queue(Port);
}
