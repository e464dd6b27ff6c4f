// Reads the first sector with an IRP and a buffer of our own.
#include "filter.h"

NTSTATUS PfReadSignature(PPF_DEVICE Device, PULONG Signature)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PUCHAR sector;
    PMDL mdl = NULL;
    PIRP irp = NULL;
    PIO_STACK_LOCATION next;

    *Signature = 0;

    sector = ExAllocatePoolWithTag(NonPagedPool, PF_SIGNATURE_LENGTH, PF_TAG);
    if (sector == NULL) {
        return status;
    }

    mdl = IoAllocateMdl(sector, PF_SIGNATURE_LENGTH, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        goto done;
    }
    // Nonpaged pool: described, not locked, and so never unlocked.
    MmBuildMdlForNonPagedPool(mdl);

    irp = IoAllocateIrp(Device->Lower->StackSize, FALSE);
    if (irp == NULL) {
        goto done;
    }
    irp->MdlAddress = mdl;
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->Parameters.Read.Length = PF_SIGNATURE_LENGTH;
    next->Parameters.Read.ByteOffset.QuadPart = 0;

    status = PfSendAndWait(Device->Lower, irp);
    if (NT_SUCCESS(status)) {
        RtlCopyMemory(Signature, sector + PF_SIGNATURE_LENGTH - sizeof(ULONG), sizeof(ULONG));
    }

done:
    if (irp != NULL) {
        irp->MdlAddress = NULL;
        IoFreeIrp(irp);
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(sector, PF_TAG);
    return status;
}
