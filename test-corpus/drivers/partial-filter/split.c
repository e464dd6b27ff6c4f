// Long transfers: one partial MDL, one IRP, piece after piece.
#include "filter.h"

IO_COMPLETION_ROUTINE PfPieceDone;

static VOID PfFreeTransfer(PPF_TRANSFER Transfer)
{
    // A partial MDL locks nothing of its own: freeing it is all, a mapping of its own goes with it.
    if (Transfer->Partial != NULL) {
        IoFreeMdl(Transfer->Partial);
        Transfer->Partial = NULL;
    }
    if (Transfer->Irp != NULL) {
        Transfer->Irp->MdlAddress = NULL;
        IoFreeIrp(Transfer->Irp);
        Transfer->Irp = NULL;
    }
    ExFreePoolWithTag(Transfer, PF_TAG);
}

static VOID PfPreparePiece(PPF_TRANSFER Transfer)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Transfer->Irp);

    Transfer->Irp->MdlAddress = Transfer->Partial;
    Transfer->Irp->Flags = Transfer->Master->Flags;
    next->MajorFunction = Transfer->MajorFunction;
    if (Transfer->MajorFunction == IRP_MJ_READ) {
        next->Parameters.Read.Length = Transfer->PieceLength;
        next->Parameters.Read.ByteOffset.QuadPart = Transfer->Start.QuadPart + Transfer->Done;
    } else {
        next->Parameters.Write.Length = Transfer->PieceLength;
        next->Parameters.Write.ByteOffset.QuadPart = Transfer->Start.QuadPart + Transfer->Done;
    }
    IoSetCompletionRoutine(Transfer->Irp, PfPieceDone, Transfer, TRUE, TRUE, TRUE);
}

NTSTATUS PfPieceDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPF_TRANSFER transfer = Context;
    PIRP master = transfer->Master;
    PMDL source = master->MdlAddress;
    NTSTATUS status = Irp->IoStatus.Status;
    ULONG left;
    ULONG done;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (NT_SUCCESS(status)) {
        transfer->Done += (ULONG)Irp->IoStatus.Information;
    }
    left = transfer->Length - transfer->Done;

    if (!NT_SUCCESS(status) || left == 0 || Irp->IoStatus.Information < transfer->PieceLength) {
        done = transfer->Done;
        PfFreeTransfer(transfer);
        PfComplete(master, status, done);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }

    // The next piece: drop the mapping the device below may have made, and aim the same MDL further on.
    transfer->PieceLength = left < PF_PIECE_LENGTH ? left : PF_PIECE_LENGTH;
    MmPrepareMdlForReuse(transfer->Partial);
    IoBuildPartialMdl(source, transfer->Partial, (PUCHAR)MmGetMdlVirtualAddress(source) + transfer->Done,
                      transfer->PieceLength);
    IoReuseIrp(Irp, STATUS_NOT_SUPPORTED);
    PfPreparePiece(transfer);
    IoCallDriver(transfer->Device->Lower, Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Everything the pieces need, aimed at the first one; NULL when something is short.
static PPF_TRANSFER PfCreateTransfer(PPF_DEVICE Device, PIRP Irp, ULONG Length, PLARGE_INTEGER Start, UCHAR MajorFunction)
{
    PPF_TRANSFER transfer;
    PMDL source = Irp->MdlAddress;
    PMDL partial;
    PVOID address = MmGetMdlVirtualAddress(source);
    PIRP piece;

    transfer = ExAllocatePoolWithTag(NonPagedPool, sizeof(PF_TRANSFER), PF_TAG);
    if (transfer == NULL) {
        return NULL;
    }

    // Large enough for every piece: they all start at the same offset in a page.
    partial = IoAllocateMdl(address, PF_PIECE_LENGTH, FALSE, FALSE, NULL);
    if (partial == NULL) {
        ExFreePoolWithTag(transfer, PF_TAG);
        return NULL;
    }
    IoBuildPartialMdl(source, partial, address, PF_PIECE_LENGTH);

    piece = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    if (piece == NULL) {
        IoFreeMdl(partial);
        ExFreePoolWithTag(transfer, PF_TAG);
        return NULL;
    }

    transfer->Device = Device;
    transfer->Master = Irp;
    transfer->Irp = piece;
    transfer->Partial = partial;
    transfer->MajorFunction = MajorFunction;
    transfer->Length = Length;
    transfer->Done = 0;
    transfer->PieceLength = PF_PIECE_LENGTH;
    transfer->Start = *Start;
    return transfer;
}

NTSTATUS PfReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPF_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PPF_TRANSFER transfer;
    LARGE_INTEGER start;
    ULONG length;

    if (stack->MajorFunction == IRP_MJ_READ) {
        length = stack->Parameters.Read.Length;
        start = stack->Parameters.Read.ByteOffset;
    } else {
        length = stack->Parameters.Write.Length;
        start = stack->Parameters.Write.ByteOffset;
    }

    // Short ones, and those without an MDL (no data), go down as they are.
    if (length <= PF_PIECE_LENGTH || Irp->MdlAddress == NULL) {
        return PfPassDown(device, Irp);
    }

    transfer = PfCreateTransfer(device, Irp, length, &start, stack->MajorFunction);
    if (transfer == NULL) {
        return PfComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }

    InterlockedIncrement(&device->Splits);
    IoMarkIrpPending(Irp);
    PfPreparePiece(transfer);
    IoCallDriver(device->Lower, transfer->Irp);
    return STATUS_PENDING;
}
