#include <ntddk.h>

typedef struct _COPY {
    PMDL Mdl;
    ULONG Status;
} COPY, *PCOPY;

/* Where an element was used there is one: the loop that frees all of them does
   not end before it begins. */
NTSTATUS good_element_then_loop(PVOID Buffer, ULONG Length, USHORT Count, USHORT Preferred)
{
    PCOPY copies;
    USHORT i;
    NTSTATUS status = STATUS_SUCCESS;

    copies = ExAllocatePoolWithTag(NonPagedPool, Count * sizeof(COPY), 'ypoC');
    if (copies == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(copies, Count * sizeof(COPY));
    copies[Preferred].Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (copies[Preferred].Mdl == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < Count; i++) {
        if (copies[i].Mdl != NULL)
            IoFreeMdl(copies[i].Mdl);
    }
    ExFreePool(copies);
    return status;
}

NTSTATUS good_first_element_then_loop(PVOID Buffer, ULONG Length, ULONG Count)
{
    PCOPY copies = ExAllocatePoolWithTag(NonPagedPool, sizeof(COPY) * Count, 'ypoC');
    ULONG i;

    if (copies == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(copies, sizeof(COPY) * Count);
    copies->Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    for (i = 0; i != Count; i++) {
        if (copies[i].Mdl != NULL)
            IoFreeMdl(copies[i].Mdl);
    }
    ExFreePool(copies);
    return STATUS_SUCCESS;
}

/* Another number of elements than were allocated may be none. */
NTSTATUS bad_element_then_loop_over_others(PVOID Buffer, ULONG Length, ULONG Count, ULONG Used)
{
    PCOPY copies = ExAllocatePoolWithTag(NonPagedPool, sizeof(COPY) * Count, 'ypoC');
    ULONG i;

    if (copies == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(copies, sizeof(COPY) * Count);
    copies[0].Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    for (i = 0; i < Used; i++) {
        if (copies[i].Mdl != NULL)
            IoFreeMdl(copies[i].Mdl);
    }
    ExFreePool(copies);
    return STATUS_SUCCESS; // expect: mdl-leak
}

/* The header of variable data, rounded by hand: what lies in there counts as
   before. */
NTSTATUS bad_fixed_size(PVOID Buffer, ULONG Length)
{
    PCOPY copy = ExAllocatePoolWithTag(NonPagedPool, 8, 'ypoC');

    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    copy->Status = 0;
    copy->Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    ExFreePool(copy);
    return STATUS_SUCCESS; // expect: mdl-leak
}

/* A variable of four elements has no fifth. */
NTSTATUS good_array_on_the_stack(PVOID Buffer, ULONG Length, ULONG Slot)
{
    PMDL mdls[4] = {NULL, NULL, NULL, NULL};
    ULONG i;

    mdls[Slot] = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (Slot >= 4)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < 4; i++) {
        if (mdls[i] != NULL)
            IoFreeMdl(mdls[i]);
    }
    return STATUS_SUCCESS;
}
