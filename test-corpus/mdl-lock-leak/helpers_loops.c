#include <ntddk.h>

#define MAX_SEGMENTS 8

typedef struct _SEGMENT {
    PVOID Base;
    ULONG Length;
} SEGMENT, *PSEGMENT;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

static NTSTATUS helper_lock(PMDL Mdl, LOCK_OPERATION Operation)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS helper_create_locked(PVOID Base, ULONG Length, PMDL *Mdl)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl, IoReadAccess);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    *Mdl = mdl;
    return STATUS_SUCCESS;
}

/* Whatever is not STATUS_SUCCESS leaves early, with the pages locked. */
NTSTATUS bad_helper_locked_then_forgotten(PVOID Base, ULONG Length)
{
    PMDL mdl = NULL;
    PVOID va;
    NTSTATUS status;

    status = helper_create_locked(Base, Length, &mdl);
    if (!NT_SUCCESS(status))
        return status;

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    if (status != STATUS_SUCCESS)
        return status; // expect: mdl-lock-leak

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_helper_locked_and_released(PVOID Base, ULONG Length)
{
    PMDL mdl = NULL;
    PVOID va;
    NTSTATUS status;

    status = helper_create_locked(Base, Length, &mdl);
    if (!NT_SUCCESS(status))
        return status; // ok: mdl-lock-leak

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Each turn overwrites the MDL it locked in the turn before. */
NTSTATUS bad_lock_in_loop(PSEGMENT Segments, ULONG Count)
{
    PMDL mdl = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < Count; i++) {
        mdl = IoAllocateMdl(Segments[i].Base, Segments[i].Length, FALSE, FALSE, NULL); // expect: mdl-lock-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = helper_lock(mdl, IoReadAccess);
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(mdl);
            return status;
        }
    }

    if (mdl != NULL) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS good_lock_in_loop(PSEGMENT Segments, ULONG Count)
{
    PMDL mdl;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < Count; i++) {
        PVOID va;

        mdl = IoAllocateMdl(Segments[i].Base, Segments[i].Length, FALSE, FALSE, NULL); // ok: mdl-lock-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = helper_lock(mdl, IoReadAccess);
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(mdl);
            break;
        }
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va != NULL)
            status = DevTransfer(va, Segments[i].Length);
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        if (va == NULL || !NT_SUCCESS(status))
            break;
    }
    return status;
}

/* Array filled by one loop and emptied by the other, also after an error. */
NTSTATUS good_array_of_locked_mdls(PSEGMENT Segments, ULONG Count)
{
    PMDL mdls[MAX_SEGMENTS];
    NTSTATUS status = STATUS_SUCCESS;
    ULONG locked = 0;
    ULONG i;

    if (Count > MAX_SEGMENTS)
        return STATUS_INVALID_PARAMETER;

    for (i = 0; i < Count; i++) {
        status = helper_create_locked(Segments[i].Base, Segments[i].Length, &mdls[i]);
        if (!NT_SUCCESS(status))
            break;
        locked++;
    }

    while (locked > 0) {
        locked--;
        MmUnlockPages(mdls[locked]);
        IoFreeMdl(mdls[locked]);
    }
    return status; // ok: mdl-lock-leak
}

/* One MDL is reused for every window of a large buffer. */
NTSTATUS good_loop_reuses_mdl(PUCHAR Base, ULONG Windows)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    while (Windows-- != 0) {
        status = helper_lock(mdl, IoWriteAccess);
        if (!NT_SUCCESS(status))
            break;
        MmUnlockPages(mdl);
        MmPrepareMdlForReuse(mdl);
    }
    IoFreeMdl(mdl);
    return status;
}
