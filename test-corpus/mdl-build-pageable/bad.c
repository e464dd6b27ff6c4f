#include <ntddk.h>

#define TAG_DATA 'ataD'

NTSTATUS DevTransfer(PMDL Mdl);

NTSTATUS bad_paged_pool(ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, Length, TAG_DATA);
    PMDL mdl;

    if (buffer == NULL)
        return status;
    mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl); // expect: mdl-build-pageable
        status = DevTransfer(mdl);
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(buffer, TAG_DATA);
    return status;
}

/* User memory is never nonpaged. */
NTSTATUS bad_user_buffer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Irp->UserBuffer, stack->Parameters.DeviceIoControl.OutputBufferLength,
                             FALSE, FALSE, NULL);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl); // expect: mdl-build-pageable
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* The pool was moved to paged pool to save nonpaged memory. */
NTSTATUS bad_cache_aligned(ULONG Length)
{
    PMDL mdl;
    PUCHAR table = ExAllocatePoolWithTag(PagedPoolCacheAligned, Length, TAG_DATA);

    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(table, Length);
    mdl = IoAllocateMdl(table + 64, Length - 64, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        ExFreePoolWithTag(table, TAG_DATA);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl); // expect: mdl-build-pageable
    DevTransfer(mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(table, TAG_DATA);
    return STATUS_SUCCESS;
}

/* An MDL in storage of its own describes the same memory. */
NTSTATUS bad_initialised_mdl(PMDL Storage, ULONG Length)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, Length, TAG_DATA);
    NTSTATUS status;

    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmInitializeMdl(Storage, buffer, Length);
    MmBuildMdlForNonPagedPool(Storage); // expect: mdl-build-pageable
    status = DevTransfer(Storage);
    ExFreePoolWithTag(buffer, TAG_DATA);
    return status;
}

/* On one of the two ways the memory is paged. */
NTSTATUS bad_one_of_two(BOOLEAN Small, PVOID *Out, ULONG Length)
{
    PVOID buffer;
    PMDL mdl;

    if (Small)
        buffer = ExAllocatePoolWithTag(NonPagedPool, Length, TAG_DATA);
    else
        buffer = ExAllocatePoolWithTag(PagedPool, Length, TAG_DATA);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        ExFreePoolWithTag(buffer, TAG_DATA);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl); // todo-expect: mdl-build-pageable
    *Out = buffer;
    DevTransfer(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
