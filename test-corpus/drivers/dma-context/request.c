// Requests: made and locked in the context of the caller, queued, cancelled, finished.
#include "dma.h"

DRIVER_CANCEL DmaCancel;

VOID DmaFreeRequest(PDMA_REQUEST Request)
{
    if (Request->Mdl != NULL) {
        MmUnlockPages(Request->Mdl);
        IoFreeMdl(Request->Mdl);
        Request->Mdl = NULL;
        Request->Data = NULL;
    }
    ExFreePoolWithTag(Request, DMA_TAG);
}

// Takes a request that is in no queue any more; the last one lets DmaDrain go on.
VOID DmaFinishRequest(PDMA_DEVICE Device, PDMA_REQUEST Request, NTSTATUS Status)
{
    PIRP irp = Request->Irp;
    ULONG done = Request->Done;
    KIRQL irql;

    DmaFreeRequest(Request);
    DmaCompleteIrp(irp, Status, NT_SUCCESS(Status) ? done : 0);

    KeAcquireSpinLock(&Device->QueueLock, &irql);
    Device->Outstanding--;
    if (Device->Outstanding == 0) {
        KeSetEvent(&Device->Idle, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&Device->QueueLock, irql);
}

static PDMA_REQUEST DmaAllocateRequest(PIRP Irp, PFILE_OBJECT FileObject, ULONG Length, BOOLEAN Write)
{
    PDMA_REQUEST request = ExAllocatePoolWithTag(NonPagedPool, sizeof(DMA_REQUEST), DMA_TAG);

    if (request != NULL) {
        InitializeListHead(&request->Link);
        request->Irp = Irp;
        request->FileObject = FileObject;
        request->Mdl = NULL;
        request->Data = NULL;
        request->Length = Length;
        request->Done = 0;
        request->Write = Write;
    }
    return request;
}

// On success the request holds the locked and mapped buffer; on failure nothing.
static NTSTATUS DmaLockRequest(PDMA_REQUEST Request, PVOID Buffer, KPROCESSOR_MODE Mode)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Request->Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    // A write request is read from memory, a read request is written to it.
    __try {
        MmProbeAndLockPages(mdl, Mode, Request->Write ? IoReadAccess : IoWriteAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        goto fail;
    }

    Request->Data = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority);
    if (Request->Data == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail;
    }
    Request->Mdl = mdl;
    return STATUS_SUCCESS;

fail:
    if (locked) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}

VOID DmaCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDMA_DEVICE device = DeviceObject->DeviceExtension;
    PDMA_REQUEST request;
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);

    // Whoever takes a request off the queue first leaves its Link empty, so removing it again does no harm.
    KeAcquireSpinLock(&device->QueueLock, &irql);
    request = Irp->Tail.Overlay.DriverContext[0];
    RemoveEntryList(&request->Link);
    KeReleaseSpinLock(&device->QueueLock, irql);

    DmaFinishRequest(device, request, STATUS_CANCELLED);
}

static NTSTATUS DmaQueueRequest(PDMA_DEVICE Device, PDMA_REQUEST Request)
{
    PIRP irp = Request->Irp;
    KIRQL irql;

    KeAcquireSpinLock(&Device->QueueLock, &irql);
    if (Device->Stopping) {
        KeReleaseSpinLock(&Device->QueueLock, irql);
        DmaFreeRequest(Request);
        return DmaCompleteIrp(irp, STATUS_DELETE_PENDING, 0);
    }

    irp->Tail.Overlay.DriverContext[0] = Request;
    IoSetCancelRoutine(irp, DmaCancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        // Cancelled before we were ready, and the cancel routine will not come.
        KeReleaseSpinLock(&Device->QueueLock, irql);
        DmaFreeRequest(Request);
        return DmaCompleteIrp(irp, STATUS_CANCELLED, 0);
    }

    IoMarkIrpPending(irp);
    Device->Outstanding++;
    InsertTailList(&Device->Queue, &Request->Link);
    KeReleaseSpinLock(&Device->QueueLock, irql);

    KeInsertQueueDpc(&Device->TransferDpc, NULL, NULL);
    return STATUS_PENDING;
}

NTSTATUS DmaReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDMA_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    BOOLEAN write = stack->MajorFunction == IRP_MJ_WRITE;
    ULONG length = write ? stack->Parameters.Write.Length : stack->Parameters.Read.Length;
    PDMA_REQUEST request;
    NTSTATUS status;

    if (length == 0) {
        return DmaCompleteIrp(Irp, STATUS_SUCCESS, 0);
    }
    if (length > DMA_MAX_TRANSFER) {
        return DmaCompleteIrp(Irp, STATUS_INVALID_BUFFER_SIZE, 0);
    }

    request = DmaAllocateRequest(Irp, stack->FileObject, length, write);
    if (request == NULL) {
        return DmaCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    status = DmaLockRequest(request, Irp->UserBuffer, Irp->RequestorMode);
    if (!NT_SUCCESS(status)) {
        DmaFreeRequest(request);
        return DmaCompleteIrp(Irp, status, 0);
    }
    return DmaQueueRequest(device, request);
}

// The handle is closing: finish what it still has in the queue.
NTSTATUS DmaCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDMA_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    LIST_ENTRY dead;
    PLIST_ENTRY entry;
    PLIST_ENTRY next;
    PDMA_REQUEST request;
    KIRQL irql;

    InitializeListHead(&dead);

    KeAcquireSpinLock(&device->QueueLock, &irql);
    for (entry = device->Queue.Flink; entry != &device->Queue; entry = next) {
        next = entry->Flink;
        request = CONTAINING_RECORD(entry, DMA_REQUEST, Link);
        if (request->FileObject != stack->FileObject) {
            continue;
        }
        RemoveEntryList(entry);
        if (IoSetCancelRoutine(request->Irp, NULL) == NULL) {
            // The cancel routine is on its way and will finish it.
            InitializeListHead(entry);
            continue;
        }
        InsertTailList(&dead, entry);
    }
    KeReleaseSpinLock(&device->QueueLock, irql);

    while (!IsListEmpty(&dead)) {
        entry = RemoveHeadList(&dead);
        request = CONTAINING_RECORD(entry, DMA_REQUEST, Link);
        DmaFinishRequest(device, request, STATUS_CANCELLED);
    }
    return DmaCompleteIrp(Irp, STATUS_SUCCESS, 0);
}
