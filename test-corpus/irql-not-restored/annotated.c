#include <ntddk.h>
#include "../sal/compat.h"

typedef struct _ADAPTER {
    ULONG Count;
    BOOLEAN Removed;
} ADAPTER, *PADAPTER;

/* A pair of its own: where the level is kept neither of them says. */
_IRQL_raises_(DISPATCH_LEVEL)
VOID PlatformAcquire(PADAPTER Adapter);

_IRQL_requires_(DISPATCH_LEVEL)
VOID PlatformRelease(PADAPTER Adapter);

VOID good_pair_of_wrappers(PADAPTER Adapter)
{
    PlatformAcquire(Adapter);
    Adapter->Count++;
    PlatformRelease(Adapter);
} // ok: irql-not-restored

NTSTATUS good_wait_after_wrappers(PADAPTER Adapter, PKEVENT Idle)
{
    PlatformAcquire(Adapter);
    Adapter->Count++;
    PlatformRelease(Adapter);
    return KeWaitForSingleObject(Idle, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

NTSTATUS bad_wait_between_wrappers(PADAPTER Adapter, PKEVENT Idle)
{
    NTSTATUS status;

    PlatformAcquire(Adapter);
    Adapter->Count++;
    status = KeWaitForSingleObject(Idle, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    PlatformRelease(Adapter);
    return status;
}
