#include <ntddk.h>

typedef struct _JOB {
    PMDL Mdl;
    ULONG Bytes;
    ULONG Kind;
} JOB, *PJOB;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

VOID good_next_saved(PMDL Head)
{
    PMDL mdl, next;

    for (mdl = Head; mdl != NULL; mdl = next) {
        next = mdl->Next; // ok: mdl-use-after-free
        IoFreeMdl(mdl);
    }
}

NTSTATUS good_byte_count_before_free(PIRP Irp, PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    ULONG bytes;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length);
    bytes = MmGetMdlByteCount(mdl); // ok: mdl-use-after-free
    IoFreeMdl(mdl);
    if (NT_SUCCESS(status))
        Irp->IoStatus.Information = bytes;
    return status;
}

NTSTATUS good_unlock_before_free(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (NT_SUCCESS(status))
        MmUnlockPages(mdl); // ok: mdl-use-after-free
    IoFreeMdl(mdl);
    return status;
}

/* A fresh MDL in the same variable. */
NTSTATUS good_new_mdl_after_free(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (MmGetMdlByteOffset(mdl) != 0) {
        IoFreeMdl(mdl);
        mdl = IoAllocateMdl(PAGE_ALIGN(UserBuffer), Length + PAGE_SIZE, FALSE, FALSE, NULL);
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-use-after-free
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* Testing or clearing the pointer does not touch the MDL. */
VOID good_pointer_only(PJOB Job)
{
    PMDL mdl = Job->Mdl;

    if (mdl != NULL) {
        Job->Bytes = mdl->ByteCount;
        IoFreeMdl(mdl);
        if (Job->Mdl == mdl) // ok: mdl-use-after-free
            Job->Mdl = NULL;
    }
}

/* Freed on one side of the flag, used on the other. */
NTSTATUS good_flag_separates(PJOB Job, PVOID Buffer)
{
    BOOLEAN released = FALSE;
    PMDL mdl = Job->Mdl;
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL)
        return STATUS_INVALID_PARAMETER;
    if (Job->Kind == 3) {
        Job->Mdl = NULL;
        IoFreeMdl(mdl);
        released = TRUE;
    }
    if (!released)
        Job->Bytes = mdl->ByteCount; // ok: mdl-use-after-free
    if (!released)
        status = DevTransfer(Buffer, mdl->ByteCount); // ok: mdl-use-after-free
    return status;
}
