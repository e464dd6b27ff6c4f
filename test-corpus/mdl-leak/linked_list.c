#include <ntddk.h>

typedef struct _EXTENT {
    struct _EXTENT *Next;
    PIRP Irp;
    ULONG Offset;
    ULONG Length;
} EXTENT, *PEXTENT;

static VOID helper_release(PEXTENT Chain)
{
    PEXTENT extent;

    for (extent = Chain; extent != NULL; extent = extent->Next) {
        if (extent->Irp == NULL)
            continue;
        if (extent->Irp->MdlAddress != NULL)
            IoFreeMdl(extent->Irp->MdlAddress);
        IoFreeIrp(extent->Irp);
        extent->Irp = NULL;
    }
}

/* Each element of the caller's list keeps a request, and that its MDL. */
NTSTATUS good_kept_in_list(PDEVICE_OBJECT Lower, PIRP Master, PEXTENT Chain)
{
    PEXTENT extent;
    PMDL mdl;
    PIRP irp;

    for (extent = Chain; extent != NULL; extent = extent->Next) {
        irp = IoMakeAssociatedIrp(Master, (CCHAR)(Lower->StackSize + 1));
        if (irp == NULL)
            goto failed;
        mdl = IoAllocateMdl((PUCHAR)Master->UserBuffer + extent->Offset, extent->Length, FALSE, FALSE, irp); // ok: mdl-leak
        if (mdl == NULL) {
            IoFreeIrp(irp);
            goto failed;
        }
        IoBuildPartialMdl(Master->MdlAddress, mdl, (PUCHAR)Master->UserBuffer + extent->Offset, extent->Length);
        extent->Irp = irp;
    }
    for (extent = Chain; extent != NULL; extent = extent->Next)
        IoCallDriver(Lower, extent->Irp);
    return STATUS_PENDING; // ok: mdl-leak

failed:
    helper_release(Chain);
    return STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-leak
}

/* The element keeps the request, and nobody the second MDL. */
NTSTATUS bad_not_kept(PDEVICE_OBJECT Lower, PVOID Buffer, PEXTENT Chain)
{
    PEXTENT extent;
    PMDL mdl;

    for (extent = Chain; extent != NULL; extent = extent->Next) {
        extent->Irp = IoAllocateIrp(Lower->StackSize, FALSE);
        if (extent->Irp == NULL)
            return STATUS_INSUFFICIENT_RESOURCES; // expect: mdl-leak
        mdl = IoAllocateMdl(Buffer, extent->Length, FALSE, FALSE, NULL); // expect: mdl-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        MmBuildMdlForNonPagedPool(mdl);
    }
    return STATUS_SUCCESS; // expect: mdl-leak
}
