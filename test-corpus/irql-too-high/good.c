#include <ntddk.h>

#define TAG_ENTRY 'yrtE'

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    KEVENT Idle;
    LIST_ENTRY Queue;
    ULONG Count;
    HANDLE Log;
    PKINTERRUPT Interrupt;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

NTSTATUS good_wait_after_release(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    BOOLEAN busy;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    busy = Ext->Count != 0;
    KeReleaseSpinLock(&Ext->Lock, irql);

    if (!busy)
        return STATUS_SUCCESS;
    return KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* A timeout of zero only polls. */
NTSTATUS good_poll_under_spin_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    LARGE_INTEGER timeout;
    NTSTATUS status;

    timeout.QuadPart = 0;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    status = KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, &timeout); // ok: irql-too-high
    KeReleaseSpinLock(&Ext->Lock, irql);
    return status;
}

VOID good_close_after_release(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    HANDLE log;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    log = Ext->Log;
    Ext->Log = NULL;
    KeReleaseSpinLock(&Ext->Lock, irql);
    if (log != NULL)
        ZwClose(log); // ok: irql-too-high
}

NTSTATUS good_nonpaged_pool_under_queued_lock(PDEVICE_EXTENSION Ext)
{
    KLOCK_QUEUE_HANDLE handle;
    PVOID entry;

    KeAcquireInStackQueuedSpinLock(&Ext->Lock, &handle);
    entry = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, TAG_ENTRY); // ok: irql-too-high
    if (entry != NULL) {
        Ext->Count++;
        ExFreePoolWithTag(entry, TAG_ENTRY);
    }
    KeReleaseInStackQueuedSpinLock(&handle);
    return entry ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Lock the pages first, take the spin lock then. */
NTSTATUS good_probe_before_spin_lock(PDEVICE_EXTENSION Ext, PMDL Mdl)
{
    KIRQL irql;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: irql-too-high
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
    return STATUS_SUCCESS;
}

/* Unlocking and freeing is allowed up to DISPATCH_LEVEL. */
VOID good_unlock_under_spin_lock(PDEVICE_EXTENSION Ext, PMDL Mdl)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count--;
    if (Ext->Count == 0) {
        MmUnlockPages(Mdl); // ok: irql-too-high
        IoFreeMdl(Mdl);
        KeSetEvent(&Ext->Idle, IO_NO_INCREMENT, FALSE); // ok: irql-too-high
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Paged pool and waits are fine at APC_LEVEL. */
NTSTATUS good_paged_pool_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    PVOID entry;

    ExAcquireFastMutex(&Ext->Mutex);
    entry = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, TAG_ENTRY); // ok: irql-too-high
    if (entry == NULL) {
        ExReleaseFastMutex(&Ext->Mutex);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePoolWithTag(entry, TAG_ENTRY);
    ExReleaseFastMutex(&Ext->Mutex);
    ZwClose(Ext->Log); // ok: irql-too-high
    return STATUS_SUCCESS;
}

/* The flag knows whether the lock is held. */
VOID good_conditional_lock(PDEVICE_EXTENSION Ext, BOOLEAN Synchronize)
{
    KIRQL irql = PASSIVE_LEVEL;

    if (Synchronize)
        KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    if (!Synchronize)
        KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
    if (Synchronize)
        KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID bad_conditional_lock_inverted(PDEVICE_EXTENSION Ext, BOOLEAN Synchronize)
{
    KIRQL irql = PASSIVE_LEVEL;

    if (Synchronize)
        KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    if (Synchronize)
        KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    if (Synchronize)
        KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_lowered_again(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;
    LARGE_INTEGER interval;

    interval.QuadPart = -50000;
    irql = KeRaiseIrqlToDpcLevel();
    Ext->Count++;
    KeLowerIrql(irql);
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // ok: irql-too-high
}

/* The level is asked for before anything is done about it. */
NTSTATUS good_level_tested(PDEVICE_EXTENSION Ext)
{
    if (KeGetCurrentIrql() > APC_LEVEL)
        return STATUS_PENDING;
    return KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* Dropped for the wait and taken again, until the queue is empty. */
VOID good_dropped_in_loop(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    while (Ext->Count != 0) {
        KeReleaseSpinLock(&Ext->Lock, irql);
        KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
        KeAcquireSpinLock(&Ext->Lock, &irql);
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
}
