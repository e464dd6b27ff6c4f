// dma-context: reads and writes on a device that moves data by itself; each request keeps its MDL until the device is done.
#ifndef DMA_H
#define DMA_H

#include <ntddk.h>

#define DMA_TAG 'tcmD'
#define DMA_DEVICE_TYPE 0x8322
#define DMA_BUFFER_LENGTH (8 * PAGE_SIZE)
#define DMA_MAX_TRANSFER (64 * PAGE_SIZE)
#define DMA_BURST PAGE_SIZE

// One read or write. Mdl is not NULL exactly as long as its pages are locked. A request belongs to whoever took it off
// the queue; in the queue it belongs to the queue.
typedef struct _DMA_REQUEST {
    LIST_ENTRY Link;
    PIRP Irp;
    PFILE_OBJECT FileObject;
    PMDL Mdl;
    PUCHAR Data;
    ULONG Length;
    ULONG Done;
    BOOLEAN Write;
} DMA_REQUEST, *PDMA_REQUEST;

typedef struct _DMA_DEVICE {
    PDEVICE_OBJECT Self;
    KSPIN_LOCK QueueLock; // Queue, Outstanding, Stopping
    LIST_ENTRY Queue;
    ULONG Outstanding;
    BOOLEAN Stopping;
    KEVENT Idle;
    KDPC TransferDpc;
    PUCHAR Buffer;
    ULONG Position;
} DMA_DEVICE, *PDMA_DEVICE;

// request.c
DRIVER_DISPATCH DmaReadWrite;
DRIVER_DISPATCH DmaCleanup;
VOID DmaFreeRequest(PDMA_REQUEST Request);
VOID DmaFinishRequest(PDMA_DEVICE Device, PDMA_REQUEST Request, NTSTATUS Status);

// transfer.c
KDEFERRED_ROUTINE DmaTransferDpc;

// driver.c
NTSTATUS DmaCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

#endif
