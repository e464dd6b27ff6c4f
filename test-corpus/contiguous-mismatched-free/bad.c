#include <ntddk.h>

typedef struct _RING {
    PVOID Descriptors;
    SIZE_T Size;
    PVOID Spare;
} RING, *PRING;

NTSTATUS DevProgram(PVOID Memory);

NTSTATUS bad_contiguous_to_pool(SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;
    NTSTATUS status;
    PVOID memory;

    highest.QuadPart = 0xFFFFFFFF;
    memory = MmAllocateContiguousMemory(Size, highest);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    ExFreePool(memory); // expect: contiguous-mismatched-free
    return status;
}

NTSTATUS bad_noncached_as_contiguous(SIZE_T Size)
{
    NTSTATUS status;
    PVOID memory = MmAllocateNonCachedMemory(Size);

    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    MmFreeContiguousMemory(memory); // expect: contiguous-mismatched-free
    return status;
}

NTSTATUS bad_contiguous_as_noncached(SIZE_T Size)
{
    PHYSICAL_ADDRESS low = {0}, high, boundary = {0};
    NTSTATUS status;
    PVOID memory;

    high.QuadPart = -1;
    memory = MmAllocateContiguousMemorySpecifyCache(Size, low, high, boundary, MmNonCached);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = DevProgram(memory);
    MmFreeNonCachedMemory(memory, Size); // expect: contiguous-mismatched-free
    return status;
}

/* Only the way out of an error is wrong. */
NTSTATUS bad_error_path(PRING Ring, SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;

    highest.QuadPart = -1;
    Ring->Descriptors = MmAllocateContiguousMemory(Size, highest);
    if (Ring->Descriptors == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Ring->Spare = ExAllocatePoolWithTag(NonPagedPool, Size, 'gniR');
    if (Ring->Spare == NULL) {
        ExFreePoolWithTag(Ring->Descriptors, 'gniR'); // expect: contiguous-mismatched-free
        Ring->Descriptors = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Ring->Size = Size;
    return STATUS_SUCCESS;
}

static VOID helper_release(PRING Ring)
{
    if (Ring->Descriptors != NULL)
        ExFreePool(Ring->Descriptors); // expect: contiguous-mismatched-free
    Ring->Descriptors = NULL;
}

NTSTATUS bad_helper_frees(SIZE_T Size)
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

static PVOID helper_allocate(SIZE_T Size)
{
    PHYSICAL_ADDRESS highest;

    highest.QuadPart = 0xFFFFFFFF;
    return MmAllocateContiguousMemory(Size, highest);
}

NTSTATUS bad_helper_allocates(SIZE_T Size)
{
    PVOID memory = helper_allocate(Size);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (memory != NULL) {
        status = DevProgram(memory);
        ExFreePoolWithTag(memory, 0); // expect: contiguous-mismatched-free
    }
    return status;
}
