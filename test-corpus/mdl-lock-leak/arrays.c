#include <ntifs.h>

#define ARRAY_TAG 'yarA'

typedef struct _SLICE {
    PMDL Mdl;
    BOOLEAN Missing;
} SLICE, *PSLICE;

typedef struct _SLICE_SET {
    ULONG Ready;
    PMDL Mdls[1];
} SLICE_SET, *PSLICE_SET;

NTSTATUS SubmitSlices(PSLICE Slices, ULONG Count);

/* What is skipped stays NULL, and the last loop asks for that. */
NTSTATUS good_skipped_slices(PUCHAR Buffer, ULONG Count, PBOOLEAN Missing)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PSLICE slices = ExAllocatePoolWithTag(NonPagedPool, sizeof(SLICE) * Count, ARRAY_TAG);

    if (slices == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(slices, sizeof(SLICE) * Count);
    for (i = 0; i < Count; i++) {
        if (Missing[i])
            continue;
        slices[i].Mdl = IoAllocateMdl(Buffer + i * PAGE_SIZE, PAGE_SIZE, FALSE, FALSE, NULL);
        if (slices[i].Mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto undo;
        }
        __try {
            MmProbeAndLockPages(slices[i].Mdl, KernelMode, IoWriteAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            IoFreeMdl(slices[i].Mdl);
            slices[i].Mdl = NULL;
        }
        if (!NT_SUCCESS(status))
            goto undo;
    }
undo:
    for (i = 0; i < Count; i++) {
        if (slices[i].Mdl != NULL) {
            MmUnlockPages(slices[i].Mdl);
            IoFreeMdl(slices[i].Mdl);
        }
    }
    ExFreePoolWithTag(slices, ARRAY_TAG);
    return status; // ok: mdl-lock-leak
}

/* The count in the structure goes up with what is locked, and down again. */
NTSTATUS good_counted_in_structure(ULONG Count, PUCHAR Buffer)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;
    PSLICE_SET set =
        ExAllocatePoolWithTag(NonPagedPool, sizeof(SLICE_SET) + sizeof(PMDL) * Count, ARRAY_TAG);

    if (set == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    set->Ready = 0;
    for (i = 0; i < Count; i++) {
        PMDL mdl = IoAllocateMdl(Buffer + i * PAGE_SIZE, PAGE_SIZE, FALSE, FALSE, NULL);

        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        __try {
            MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(mdl);
            break;
        }
        set->Mdls[set->Ready++] = mdl;
    }
    while (set->Ready > 0) {
        set->Ready--;
        MmUnlockPages(set->Mdls[set->Ready]);
        IoFreeMdl(set->Mdls[set->Ready]);
    }
    ExFreePoolWithTag(set, ARRAY_TAG);
    return status; // ok: mdl-lock-leak
}

/* Behind a loop whose first turn is certain, and inside a scope of its own. */
NTSTATUS bad_return_from_attempt(PSLICE Slices, ULONG Count, PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG attempt;

    if (Count == 0)
        return STATUS_INVALID_PARAMETER;
    for (attempt = 0; attempt < Count; attempt++)
        Slices[attempt].Missing = FALSE;
    for (attempt = 0; attempt < 3; attempt++) {
        BOOLEAN locked = FALSE;
        PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        __try {
            MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        if (locked && Slices[0].Missing)
            return STATUS_DEVICE_NOT_READY; // expect: mdl-lock-leak
        if (NT_SUCCESS(status))
            status = SubmitSlices(Slices, Count);
        if (locked)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        if (NT_SUCCESS(status))
            break;
    }
    return status;
}
