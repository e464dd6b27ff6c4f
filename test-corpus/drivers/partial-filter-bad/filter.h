// partial-filter: an upper filter of a disk that splits long transfers into pieces the device below can take.
#ifndef FILTER_H
#define FILTER_H

#include <ntddk.h>

#define PF_TAG 'tlfP'
#define PF_PIECE_LENGTH (16 * PAGE_SIZE)
#define PF_SIGNATURE_LENGTH 512

typedef struct _PF_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Lower;
    PDEVICE_OBJECT Physical;
    ULONG Signature;
    LONG Splits;
} PF_DEVICE, *PPF_DEVICE;

// One long transfer on its way. The pieces go one after the other, all with the same IRP and the same partial MDL.
// The pages belong to the MDL of the original request; Partial only describes a part of them.
typedef struct _PF_TRANSFER {
    PPF_DEVICE Device;
    PIRP Master;
    PIRP Irp;
    PMDL Partial;
    UCHAR MajorFunction;
    ULONG Length;
    ULONG Done;
    ULONG PieceLength;
    LARGE_INTEGER Start;
} PF_TRANSFER, *PPF_TRANSFER;

// driver.c
NTSTATUS PfComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
NTSTATUS PfPassDown(PPF_DEVICE Device, PIRP Irp);
NTSTATUS PfSendAndWait(PDEVICE_OBJECT Lower, PIRP Irp);

// split.c
DRIVER_DISPATCH PfReadWrite;

// signature.c
NTSTATUS PfReadSignature(PPF_DEVICE Device, PULONG Signature);

#endif
