#include <ntddk.h>

typedef struct _JOB {
    PMDL Mdl;
    ULONG Bytes;
    ULONG Kind;
} JOB, *PJOB;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* The loop reads Next out of the MDL it has just freed. */
VOID bad_next_after_free(PMDL Head)
{
    PMDL mdl;

    for (mdl = Head; mdl != NULL; mdl = mdl->Next) { // expect: mdl-use-after-free
        IoFreeMdl(mdl);
    }
}

/* The byte count is read for the log after the free. */
NTSTATUS bad_byte_count_after_free(PIRP Irp, PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length);
    IoFreeMdl(mdl);
    if (NT_SUCCESS(status))
        Irp->IoStatus.Information = MmGetMdlByteCount(mdl); // expect: mdl-use-after-free
    return status;
}

/* Free and unlock in the wrong order, on the path that did not lock. */
NTSTATUS bad_unlock_after_free(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    IoFreeMdl(mdl);
    if (!NT_SUCCESS(status))
        MmUnlockPages(mdl); // expect: mdl-use-after-free
    return status;
}

/* The retry locks the MDL that the first attempt has freed. */
NTSTATUS bad_lock_after_free(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-use-after-free
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* The flags of a freed MDL say nothing. */
VOID bad_flags_after_free(PJOB Job)
{
    PMDL mdl = Job->Mdl;

    Job->Mdl = NULL;
    IoFreeMdl(mdl);
    if (mdl->MdlFlags & MDL_PAGES_LOCKED) { // expect: mdl-use-after-free
        Job->Bytes = 0;
    }
}

/* Mapped once more for the trailer. */
NTSTATUS bad_map_after_free(PVOID Buffer, ULONG Length)
{
    PVOID va;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    IoFreeMdl(mdl);
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // expect: mdl-use-after-free
    return va != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* A second name keeps pointing at the freed MDL. */
ULONG bad_alias_after_free(PJOB Job)
{
    PMDL saved = Job->Mdl;

    if (saved == NULL)
        return 0;
    IoFreeMdl(Job->Mdl);
    Job->Mdl = NULL;
    return saved->ByteCount; // expect: mdl-use-after-free
}
