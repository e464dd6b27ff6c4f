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

typedef struct _ENTRY {
    LIST_ENTRY Link;
    ULONG Count;
    UCHAR Data[64];
} ENTRY, *PENTRY;

#define TAG_ENTRY 'yrtE'

NTSTATUS bad_store_under_lock(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    entry->Count = Ext->Count; // expect: paged-data-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS good_store_after_release(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    ULONG count;
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    count = Ext->Count;
    KeReleaseSpinLock(&Ext->Lock, irql);
    entry->Count = count; // ok: paged-data-at-dispatch
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS good_nonpaged(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    entry->Count = Ext->Count; // ok: paged-data-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS bad_load_under_lock(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(entry, sizeof(ENTRY)); // ok: paged-data-at-dispatch
    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count += entry->Count; // expect: paged-data-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

/* The handler does not help: the system stops before it is looked for. */
NTSTATUS bad_user_buffer_in_try(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    PULONG buffer = Irp->UserBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    __try {
        *buffer = Ext->Count; // expect: paged-data-at-dispatch
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    KeReleaseSpinLock(&Ext->Lock, irql);
    return status;
}

NTSTATUS good_user_buffer(PDEVICE_EXTENSION Ext, PIRP Irp)
{
    PULONG buffer = Irp->UserBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG count;
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    count = Ext->Count;
    KeReleaseSpinLock(&Ext->Lock, irql);
    __try {
        *buffer = count; // ok: paged-data-at-dispatch
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static VOID bad_fill(PENTRY Entry, ULONG Count)
{
    Entry->Count = Count; // expect: paged-data-at-dispatch
}

NTSTATUS helper_fills_under_lock(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    bad_fill(entry, Ext->Count);
    KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

/* APC_LEVEL is low enough. */
NTSTATUS good_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExAcquireFastMutex(&Ext->Mutex);
    entry->Count = Ext->Count; // ok: paged-data-at-dispatch
    ExReleaseFastMutex(&Ext->Mutex);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS bad_one_branch(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql = PASSIVE_LEVEL;
    BOOLEAN locked = FALSE;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Ext->Removed) {
        KeAcquireSpinLock(&Ext->Lock, &irql);
        locked = TRUE;
    }
    entry->Count = 1; // expect: paged-data-at-dispatch
    if (locked)
        KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS good_other_branch(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql = PASSIVE_LEVEL;
    BOOLEAN locked = FALSE;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Ext->Removed) {
        KeAcquireSpinLock(&Ext->Lock, &irql);
        locked = TRUE;
    }
    if (!locked)
        entry->Count = 1; // ok: paged-data-at-dispatch
    if (locked)
        KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS good_allocated_when_needed(PDEVICE_EXTENSION Ext, BOOLEAN Locked)
{
    PENTRY entry = ExAllocatePoolWithTag(Locked ? NonPagedPool : PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql = PASSIVE_LEVEL;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Locked)
        KeAcquireSpinLock(&Ext->Lock, &irql);
    entry->Count = Ext->Count; // ok: paged-data-at-dispatch
    if (Locked)
        KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}

NTSTATUS bad_copy_under_lock(PDEVICE_EXTENSION Ext)
{
    PENTRY entry = ExAllocatePoolWithTag(PagedPool, sizeof(ENTRY), TAG_ENTRY);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    RtlCopyMemory(entry->Data, &Ext->Count, sizeof(Ext->Count)); // expect: paged-data-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
    ExFreePoolWithTag(entry, TAG_ENTRY);
    return STATUS_SUCCESS;
}
