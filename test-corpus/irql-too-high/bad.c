#include <ntddk.h>

#define TAG_ENTRY 'yrtE'

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    KMUTEX Owner;
    KEVENT Idle;
    LIST_ENTRY Queue;
    ULONG Count;
    HANDLE Log;
    PKINTERRUPT Interrupt;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* Waiting for the device while holding the spin lock. */
NTSTATUS bad_wait_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    NTSTATUS status = STATUS_SUCCESS;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Count != 0) {
        status = KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return status;
}

NTSTATUS bad_timed_wait_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    LARGE_INTEGER timeout;
    NTSTATUS status;

    timeout.QuadPart = -10 * 1000 * 10;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    status = KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, &timeout); // expect: irql-too-high
    KeReleaseSpinLock(&Ext->Lock, irql);
    return status;
}

/* The handle is closed before the lock is released. */
VOID bad_close_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    if (Ext->Log != NULL) {
        ZwClose(Ext->Log); // expect: irql-too-high
        Ext->Log = NULL;
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
}

NTSTATUS bad_paged_pool_under_queued_lock(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;
    PVOID entry;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    entry = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, TAG_ENTRY); // expect: irql-too-high
    if (entry != NULL)
        Ext->Count++;
    KeReleaseInStackQueuedSpinLock(&handle);
    if (entry != NULL)
        ExFreePoolWithTag(entry, TAG_ENTRY);
    return entry ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* User pages may have to be read from disk: no handler helps at DISPATCH_LEVEL. */
NTSTATUS bad_probe_user_under_spin_lock(PDEVICE_EXTENSION Ext, PMDL Mdl)
{
    KIRQL irql;
    NTSTATUS status = STATUS_SUCCESS;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: irql-too-high
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return status;
}

/* A fast mutex holds the thread at APC_LEVEL. */
VOID bad_close_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex);
    ZwClose(Ext->Log); // expect: irql-too-high
    Ext->Log = NULL;
    ExReleaseFastMutex(&Ext->Mutex);
}

VOID bad_mutex_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeWaitForMutexObject(&Ext->Owner, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    Ext->Count++;
    KeReleaseMutex(&Ext->Owner, FALSE);
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_delay_after_raise(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    LARGE_INTEGER interval;

    interval.QuadPart = -50000;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Ext->Count++;
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: irql-too-high
    KeLowerIrql(irql);
}

/* Saving the value has to wait until the lock is released. */
NTSTATUS bad_registry_under_cancel_lock(PIRP Irp, PULONG Value)
{
    KIRQL irql;
    NTSTATUS status = STATUS_CANCELLED;

    IoAcquireCancelSpinLock(&irql);
    if (!Irp->Cancel) {
        status = RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"Sample", L"Last", REG_DWORD, Value, sizeof(*Value)); // expect: irql-too-high
    }
    IoReleaseCancelSpinLock(irql);
    return status;
}

/* Above DISPATCH_LEVEL not even an event may be set. */
VOID bad_event_under_interrupt_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    irql = KeAcquireInterruptSpinLock(Ext->Interrupt);
    Ext->Count--;
    if (Ext->Count == 0)
        KeSetEvent(&Ext->Idle, IO_NO_INCREMENT, FALSE); // expect: irql-too-high
    KeReleaseInterruptSpinLock(Ext->Interrupt, irql);
}

VOID bad_unlock_above_dispatch(PMDL Mdl)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    MmUnlockPages(Mdl); // expect: irql-too-high
    KeLowerIrql(irql);
}
