#include "callbacks.h"

/* Allocates a transfer and locks the buffer of the caller. */
PTRANSFER helper_lock_transfer(PVOID Buffer, ULONG Length)
{
    PTRANSFER t = ExAllocatePoolWithTag(NonPagedPool, sizeof(*t), 'rfrT');

    if (t == NULL)
        return NULL;
    RtlZeroMemory(t, sizeof(*t));
    t->Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (t->Mdl == NULL) {
        ExFreePoolWithTag(t, 'rfrT');
        return NULL;
    }
    __try {
        MmProbeAndLockPages(t->Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(t->Mdl);
        ExFreePoolWithTag(t, 'rfrT');
        return NULL;
    }
    return t;
}

NTSTATUS good_send(PDEVICE_OBJECT Lower, PIRP Irp, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Irp->UserBuffer, Length);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, good_done, t, TRUE, TRUE, TRUE);
    return IoCallDriver(Lower, Irp);
}

NTSTATUS bad_send(PDEVICE_OBJECT Lower, PIRP Irp, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Irp->UserBuffer, Length);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, bad_done_frees_locked, t, TRUE, TRUE, TRUE);
    return IoCallDriver(Lower, Irp);
}

NTSTATUS bad_send_twice(PDEVICE_OBJECT Lower, PIRP Irp, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Irp->UserBuffer, Length);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, bad_done_unlocks_twice, t, TRUE, TRUE, TRUE);
    return IoCallDriver(Lower, Irp);
}

/* The IRP of its own carries the MDL to the completion routine. */
NTSTATUS good_send_own(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    PIRP irp = IoAllocateIrp(Lower->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, irp);
    if (mdl == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        IoFreeIrp(irp);
        return GetExceptionCode();
    }
    IoSetCompletionRoutine(irp, good_done_frees_irp, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(Lower, irp);
}

/* IoFreeIrp frees the IRP and nothing that hangs on it. */
NTSTATUS bad_drop_own(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    PIRP irp = IoAllocateIrp(Lower->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, irp);
    if (mdl == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl);
    mdl = NULL;
    IoFreeIrp(irp);
    return STATUS_CANCELLED; // expect: mdl-leak
}

VOID good_queue(PIO_WORKITEM Item, PVOID Buffer, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Buffer, Length);

    if (t != NULL)
        IoQueueWorkItem(Item, good_worker, DelayedWorkQueue, t);
}

/* Unlocked here already; the worker does not ask. */
VOID bad_queue(PIO_WORKITEM Item, PVOID Buffer, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Buffer, Length);

    if (t == NULL)
        return;
    MmUnlockPages(t->Mdl);
    IoQueueWorkItem(Item, bad_worker_unlocks_unlocked, DelayedWorkQueue, t);
}

VOID bad_dpc(PVOID Buffer, ULONG Length)
{
    PTRANSFER t = helper_lock_transfer(Buffer, Length);

    if (t == NULL)
        return;
    KeInitializeDpc(&t->Dpc, bad_dpc_frees_locked, t);
    KeInsertQueueDpc(&t->Dpc, NULL, NULL);
}

NTSTATUS good_start(PVOID Buffer, ULONG Length)
{
    HANDLE thread;
    NTSTATUS status;
    PTRANSFER t = helper_lock_transfer(Buffer, Length);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, good_thread, t);
    if (NT_SUCCESS(status)) {
        ZwClose(thread);
        return status;
    }
    MmUnlockPages(t->Mdl);
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
    return status;
}

NTSTATUS bad_start(PVOID Buffer, ULONG Length)
{
    HANDLE thread;
    NTSTATUS status;
    PTRANSFER t = helper_lock_transfer(Buffer, Length);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, bad_thread_locks_again, t);
    if (NT_SUCCESS(status)) {
        ZwClose(thread);
        return status;
    }
    MmUnlockPages(t->Mdl);
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
    return status;
}

/* The routine has run when the wait is over; what it did is not repeated. */
static NTSTATUS helper_unlock_and_signal(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    MmUnlockPages(Irp->MdlAddress);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS good_wait_for_unlock(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    KEVENT event;
    PMDL mdl;
    PIRP irp = IoAllocateIrp(Lower->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, irp);
    if (mdl == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        IoFreeIrp(irp);
        return GetExceptionCode();
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_unlock_and_signal, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(Lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeMdl(mdl); // ok: mdl-free-locked
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}
