#include <ntddk.h>

typedef struct _RING {
    PVOID Descriptors;
    SIZE_T Size;
    BOOLEAN Contiguous;
} RING, *PRING;

NTSTATUS DevProgram(PVOID Memory);

NTSTATUS good_contiguous(SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;
    NTSTATUS status;
    PVOID memory;

    highest.QuadPart = 0xFFFFFFFF;
    memory = MmAllocateContiguousMemory(Size, highest);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    MmFreeContiguousMemory(memory); // ok: contiguous-mismatched-free
    return status;
}

/* Either routine frees it. */
NTSTATUS good_specify_cache(SIZE_T Size, BOOLEAN Plain)
{
    PHYSICAL_ADDRESS low = {0}, high, boundary = {0};
    NTSTATUS status;
    PVOID memory;

    high.QuadPart = -1;
    memory = MmAllocateContiguousMemorySpecifyCache(Size, low, high, boundary, MmNonCached);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    if (Plain)
        MmFreeContiguousMemory(memory); // ok: contiguous-mismatched-free
    else
        MmFreeContiguousMemorySpecifyCache(memory, Size, MmNonCached); // ok: contiguous-mismatched-free
    return status;
}

NTSTATUS good_noncached(SIZE_T Size)
{
    NTSTATUS status;
    PVOID memory = MmAllocateNonCachedMemory(Size);

    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    MmFreeNonCachedMemory(memory, Size); // ok: contiguous-mismatched-free
    return status;
}

/* Pool where there is nothing contiguous, and each is freed as what it is. */
NTSTATUS good_two_kinds(PRING Ring, SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;
    NTSTATUS status;

    highest.QuadPart = -1;
    Ring->Contiguous = TRUE;
    Ring->Descriptors = MmAllocateContiguousMemory(Size, highest);
    if (Ring->Descriptors == NULL) {
        Ring->Contiguous = FALSE;
        Ring->Descriptors = ExAllocatePoolWithTag(NonPagedPool, Size, 'gniR');
    }
    if (Ring->Descriptors == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(Ring->Descriptors);
    if (NT_SUCCESS(status))
        return status;
    if (Ring->Contiguous)
        MmFreeContiguousMemory(Ring->Descriptors); // ok: contiguous-mismatched-free
    else
        ExFreePoolWithTag(Ring->Descriptors, 'gniR'); // ok: contiguous-mismatched-free
    Ring->Descriptors = NULL;
    return status;
}

/* Where it came from is not known. */
VOID good_unknown(PRING Ring)
{
    MmFreeContiguousMemory(Ring->Descriptors); // ok: contiguous-mismatched-free
    ExFreePool(Ring);
}

static VOID helper_release(PRING Ring)
{
    if (Ring->Descriptors != NULL)
        MmFreeContiguousMemory(Ring->Descriptors); // ok: contiguous-mismatched-free
    Ring->Descriptors = NULL;
}

NTSTATUS good_helper_frees(SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;
    RING ring = {0};
    NTSTATUS status;

    highest.QuadPart = -1;
    ring.Descriptors = MmAllocateContiguousMemory(Size, highest);
    if (ring.Descriptors == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(ring.Descriptors);
    helper_release(&ring);
    return status;
}
