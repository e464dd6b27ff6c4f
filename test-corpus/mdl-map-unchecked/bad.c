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

NTSTATUS bad_read_at_once(PMDL Mdl, PULONG Kind)
{
    PFRAME frame = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    *Kind = frame->Kind; // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS bad_copied(PMDL Mdl, PVOID Data, ULONG Length)
{
    PVOID va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    RtlCopyMemory(va, Data, Length); // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS bad_no_variable(PMDL Mdl, ULONG Length)
{
    RtlZeroMemory(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority), Length); // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS bad_in_field(PJOB Job)
{
    Job->Va = MmGetSystemAddressForMdlSafe(Job->Mdl, NormalPagePriority);
    Job->Va[0] = 0; // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

/* Fails here only when the machine is short of memory. */
NTSTATUS bad_specify_cache(PMDL Mdl)
{
    PFRAME frame = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);

    frame->Length = 0; // expect: mdl-map-unchecked
    MmUnmapLockedPages(frame, Mdl);
    return STATUS_SUCCESS;
}

/* The status is set, and the copy is made all the same. */
NTSTATUS bad_status_only(PMDL Mdl, PVOID Data, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PUCHAR va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (va == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(va + 4, Data, Length); // expect: mdl-map-unchecked
    return status;
}

/* Only the first of the chain is tested. */
NTSTATUS bad_second_of_chain(PMDL Mdl, ULONG Length)
{
    PUCHAR va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (va == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    va[0] = 1;
    if (Mdl->Next != NULL) {
        va = MmGetSystemAddressForMdlSafe(Mdl->Next, NormalPagePriority);
        va[Length - 1] = 1; // expect: mdl-map-unchecked
    }
    return STATUS_SUCCESS;
}

static PVOID helper_map(PIRP Irp)
{
    if (Irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    return Irp->AssociatedIrp.SystemBuffer;
}

NTSTATUS bad_from_helper(PIRP Irp)
{
    PFRAME frame = helper_map(Irp);

    frame->Length = 0; // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

/* NULL and an offset is no place either. */
NTSTATUS bad_offset(PMDL Mdl, ULONG Offset, PULONG Kind)
{
    PUCHAR va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    PFRAME frame = (PFRAME)(va + Offset);

    *Kind = frame->Kind; // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}

NTSTATUS bad_conditional(PMDL Mdl, PVOID Other)
{
    PFRAME frame = Mdl != NULL ? MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) : Other;

    frame->Length = 0; // expect: mdl-map-unchecked
    return STATUS_SUCCESS;
}
