#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    KDPC Dpc;
    IO_CSQ Csq;
    LIST_ENTRY Queue;
    ULONG Count;
    BOOLEAN Removed;
    KIRQL Irql;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

KDEFERRED_ROUTINE bad_dpc;
KDEFERRED_ROUTINE good_dpc;
DRIVER_DISPATCH bad_dispatch;
DRIVER_DISPATCH good_dispatch;

/* The system calls it, and wants its processor back. */
VOID bad_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    if (ext->Removed)
        return; // expect: spinlock-not-released
    ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
}

VOID good_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    if (!ext->Removed)
        ext->Count++;
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
} // ok: spinlock-not-released

/* The level is kept in the extension: a dispatch routine must not return at it all the same. */
NTSTATUS bad_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&ext->Lock, &ext->Irql);
    if (ext->Removed)
        return STATUS_DELETE_PENDING; // expect: spinlock-not-released
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, ext->Irql);
    return STATUS_SUCCESS;
}

NTSTATUS good_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&ext->Lock, &ext->Irql);
    if (ext->Removed)
        status = STATUS_DELETE_PENDING;
    else
        ext->Count++;
    KeReleaseSpinLock(&ext->Lock, ext->Irql);
    return status; // ok: spinlock-not-released
}

VOID NTAPI QueueInsert(PIO_CSQ Csq, PIRP Irp);
VOID NTAPI QueueRemove(PIO_CSQ Csq, PIRP Irp);
PIRP NTAPI QueuePeek(PIO_CSQ Csq, PIRP Irp, PVOID Context);
VOID NTAPI QueueCancelled(PIO_CSQ Csq, PIRP Irp);

/* These two are there to return with the lock, and without. */
VOID good_queue_lock(PIO_CSQ Csq, PKIRQL Irql)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);

    KeAcquireSpinLock(&ext->Lock, Irql);
} // ok: spinlock-not-released

VOID good_queue_unlock(PIO_CSQ Csq, KIRQL Irql)
{
    PDEVICE_EXTENSION ext = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Csq);

    KeReleaseSpinLock(&ext->Lock, Irql);
}

NTSTATUS helper_initialize_queue(PDEVICE_EXTENSION Ext)
{
    KeInitializeDpc(&Ext->Dpc, good_dpc, Ext);
    return IoCsqInitialize(&Ext->Csq, QueueInsert, QueueRemove, QueuePeek, good_queue_lock, good_queue_unlock, QueueCancelled);
}
