#include <ntddk.h>

typedef struct _FRAME {
    ULONG Kind;
    ULONG Length;
    UCHAR Data[1];
} FRAME, *PFRAME;

typedef struct _JOB {
    PMDL Mdl;
    PUCHAR Va;
    ULONG Length;
} JOB, *PJOB;

NTSTATUS DevTransfer(PVOID Va, ULONG Length);

NTSTATUS good_tested(PMDL Mdl, PULONG Kind)
{
    PFRAME frame = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (frame == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Kind = frame->Kind; // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS good_tested_in_field(PJOB Job)
{
    Job->Va = MmGetSystemAddressForMdlSafe(Job->Mdl, NormalPagePriority);
    if (!Job->Va)
        return STATUS_INSUFFICIENT_RESOURCES;
    Job->Va[0] = 0; // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}

/* What is mapped is mapped: the second call cannot fail. */
NTSTATUS good_mapped_before(PMDL Mdl, ULONG Length)
{
    PUCHAR va;

    if (MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    RtlZeroMemory(va, Length); // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}

/* Nonpaged memory has an address. */
NTSTATUS good_nonpaged(PVOID Buffer, ULONG Length)
{
    PUCHAR va;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    va[0] = 0; // ok: mdl-map-unchecked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* Stops the system where it fails, and says so. */
NTSTATUS good_bug_check_on_failure(PMDL Mdl)
{
    PFRAME frame = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, TRUE, HighPagePriority);

    frame->Length = 0; // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}

/* The status tells. */
NTSTATUS good_by_status(PMDL Mdl, PVOID Data, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PUCHAR va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (va == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status == STATUS_SUCCESS)
        RtlCopyMemory(va, Data, Length); // ok: mdl-map-unchecked
    return status;
}

NTSTATUS good_given_away(PMDL Mdl, ULONG Length)
{
    return DevTransfer(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority), Length); // ok: mdl-map-unchecked
}

/* The address of a member alone is no access. */
NTSTATUS good_address_only(PMDL Mdl, PUCHAR *Data)
{
    PFRAME frame = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    *Data = frame->Data; // ok: mdl-map-unchecked
    return frame != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static PVOID helper_map(PIRP Irp)
{
    if (Irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    return Irp->AssociatedIrp.SystemBuffer;
}

NTSTATUS good_from_helper(PIRP Irp)
{
    PFRAME frame = helper_map(Irp);

    if (frame == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    frame->Length = 0; // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS good_offset(PMDL Mdl, ULONG Offset, PULONG Kind)
{
    PUCHAR va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (va == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Kind = ((PFRAME)(va + Offset))->Kind; // ok: mdl-map-unchecked
    return STATUS_SUCCESS;
}
