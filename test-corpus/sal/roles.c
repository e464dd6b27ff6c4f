#include <ntddk.h>
#include "compat.h"

/* Functions declared with a typedef have its annotations and its role. */

typedef struct _QUEUE {
    KSPIN_LOCK Lock;
    ULONG Count;
} QUEUE, *PQUEUE;

_IRQL_requires_max_(APC_LEVEL)
VOID helper_slow(VOID);

typedef
_IRQL_requires_max_(PASSIVE_LEVEL)
VOID
QUEUE_CALLBACK(_In_ PQUEUE Queue);

typedef _IRQL_requires_(DISPATCH_LEVEL) VOID QUEUE_DPC(_In_ PQUEUE Queue);

typedef _IRQL_raises_(DISPATCH_LEVEL) VOID QUEUE_ENTER(_In_ PQUEUE Queue, _Out_ _IRQL_saves_ PKIRQL Irql);

QUEUE_CALLBACK helper_callback;
QUEUE_DPC bad_dpc;
QUEUE_ENTER helper_enter;

void bad_callback_under_lock(PQUEUE Queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&Queue->Lock, &irql);
    helper_callback(Queue); // expect: irql-too-high
    KeReleaseSpinLock(&Queue->Lock, irql);
}

void good_callback(PQUEUE Queue)
{
    helper_callback(Queue); // ok: irql-too-high
}

VOID bad_dpc(PQUEUE Queue)
{
    Queue->Count++;
    helper_slow(); // expect: irql-too-high
}

void bad_entered(PQUEUE Queue)
{
    KIRQL irql;

    helper_enter(Queue, &irql);
    helper_slow(); // expect: irql-too-high
    KeReleaseSpinLock(&Queue->Lock, irql);
}

void good_left(PQUEUE Queue)
{
    KIRQL irql;

    PAGED_CODE();
    helper_enter(Queue, &irql);
    KeReleaseSpinLock(&Queue->Lock, irql);
    helper_slow(); // ok: irql-too-high
}
