// The device side: a DPC moves one burst after the other between the requests and the device buffer.
#include "dma.h"

// The next request whose cancel routine can still be taken away; others are left to that routine.
static PDMA_REQUEST DmaNextRequest(PDMA_DEVICE Device)
{
    PDMA_REQUEST request = NULL;
    PLIST_ENTRY entry;

    KeAcquireSpinLockAtDpcLevel(&Device->QueueLock);
    while (!IsListEmpty(&Device->Queue)) {
        entry = RemoveHeadList(&Device->Queue);
        request = CONTAINING_RECORD(entry, DMA_REQUEST, Link);
        InitializeListHead(entry);
        if (IoSetCancelRoutine(request->Irp, NULL) != NULL) {
            break;
        }
        request = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&Device->QueueLock);
    return request;
}

static ULONG DmaBurst(PDMA_DEVICE Device, PDMA_REQUEST Request)
{
    ULONG count = Request->Length - Request->Done;
    ULONG room = DMA_BUFFER_LENGTH - Device->Position;

    if (count > DMA_BURST) {
        count = DMA_BURST;
    }
    if (count > room) {
        count = room;
    }
    if (Request->Write) {
        RtlCopyMemory(Device->Buffer + Device->Position, Request->Data + Request->Done, count);
    } else {
        RtlCopyMemory(Request->Data + Request->Done, Device->Buffer + Device->Position, count);
    }
    Device->Position += count;
    if (Device->Position == DMA_BUFFER_LENGTH) {
        Device->Position = 0;
    }
    return count;
}

VOID DmaTransferDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PDMA_DEVICE device = DeferredContext;
    PDMA_REQUEST request;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    // The pages are locked and mapped: they can be touched at this level, in whatever process runs.
    for (;;) {
        request = DmaNextRequest(device);
        if (request == NULL) {
            break;
        }
        while (request->Done < request->Length) {
            request->Done += DmaBurst(device, request);
        }
        if (!request->Write) {
            KeFlushIoBuffers(request->Mdl, TRUE, TRUE);
        }
        DmaFinishRequest(device, request, STATUS_SUCCESS);
    }
}
