#include <ntddk.h>

#define MAX_PARTS 6

typedef struct _PART {
    PVOID Base;
    ULONG Length;
} PART, *PPART;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

static PMDL helper_describe(PVOID Base, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

static VOID helper_release(PMDL *Mdl)
{
    if (*Mdl != NULL) {
        IoFreeMdl(*Mdl);
        *Mdl = NULL;
    }
}

NTSTATUS bad_result_of_helper_lost(PVOID Base, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = helper_describe(Base, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevTransfer(Base, Length);
    if (status == STATUS_CANCELLED)
        return status; // expect: mdl-leak
    helper_release(&mdl);
    return status;
}

NTSTATUS good_result_of_helper_released(PVOID Base, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = helper_describe(Base, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevTransfer(Base, Length);
    helper_release(&mdl);
    return status; // ok: mdl-leak
}

/* Only the MDL of the last turn is freed. */
NTSTATUS bad_loop_overwrites(PPART Parts, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = NULL;
    ULONG i;

    for (i = 0; i < Count && NT_SUCCESS(status); i++) {
        mdl = helper_describe(Parts[i].Base, Parts[i].Length); // expect: mdl-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = DevTransfer(Parts[i].Base, Parts[i].Length);
    }
    if (mdl != NULL)
        IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_loop_frees(PPART Parts, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = NULL;
    ULONG i;

    for (i = 0; i < Count && NT_SUCCESS(status); i++) {
        mdl = helper_describe(Parts[i].Base, Parts[i].Length); // ok: mdl-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = DevTransfer(Parts[i].Base, Parts[i].Length);
        helper_release(&mdl);
    }
    return status;
}

/* All or nothing, in a local array. */
NTSTATUS good_array_filled_and_emptied(PPART Parts, ULONG Count)
{
    PMDL mdls[MAX_PARTS] = {NULL};
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    if (Count == 0 || Count > MAX_PARTS)
        return STATUS_INVALID_PARAMETER;

    for (i = 0; i < Count; i++) {
        mdls[i] = helper_describe(Parts[i].Base, Parts[i].Length);
        if (mdls[i] == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
    }
    if (NT_SUCCESS(status))
        status = DevTransfer(Parts[0].Base, Parts[0].Length);

    for (i = 0; i < MAX_PARTS; i++) {
        if (mdls[i] != NULL)
            IoFreeMdl(mdls[i]);
    }
    return status; // ok: mdl-leak
}

/* A chain built by one loop and taken apart by the next. */
NTSTATUS good_chain(PPART Parts, ULONG Count)
{
    PMDL head = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < Count; i++) {
        PMDL mdl = helper_describe(Parts[i].Base, Parts[i].Length);
        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        mdl->Next = head;
        head = mdl;
    }

    while (head != NULL) {
        PMDL next = head->Next;
        IoFreeMdl(head);
        head = next;
    }
    return status; // ok: mdl-leak
}
