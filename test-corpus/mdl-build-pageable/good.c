#include <ntddk.h>

#define TAG_DATA 'ataD'

typedef struct _EXTENSION {
    UCHAR Command[64];
    PVOID Table;
} EXTENSION, *PEXTENSION;

NTSTATUS DevTransfer(PMDL Mdl);

NTSTATUS good_nonpaged_pool(ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPoolNx, Length, TAG_DATA);
    PMDL mdl;

    if (buffer == NULL)
        return status;
    mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl); // ok: mdl-build-pageable
        status = DevTransfer(mdl);
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(buffer, TAG_DATA);
    return status;
}

NTSTATUS good_device_extension(PDEVICE_OBJECT DeviceObject)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(extension->Command, sizeof(extension->Command), FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl); // ok: mdl-build-pageable
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_paged_pool_locked(ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, Length, TAG_DATA);
    PMDL mdl;

    if (buffer == NULL)
        return status;
    mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        goto Free;
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        status = STATUS_SUCCESS;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (NT_SUCCESS(status)) {
        status = DevTransfer(mdl);
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
Free:
    ExFreePoolWithTag(buffer, TAG_DATA);
    return status;
}

NTSTATUS good_system_buffer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Irp->AssociatedIrp.SystemBuffer, 512, FALSE, FALSE, NULL);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl); // ok: mdl-build-pageable
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Both kinds of memory, and each is made what it needs. */
NTSTATUS good_each_its_own(BOOLEAN Paged, ULONG Length)
{
    PVOID buffer = ExAllocatePoolWithTag(Paged ? PagedPool : NonPagedPool, Length, TAG_DATA);
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl;

    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        ExFreePoolWithTag(buffer, TAG_DATA);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Paged) {
        __try {
            MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    } else {
        MmBuildMdlForNonPagedPool(mdl); // ok: mdl-build-pageable
    }
    if (NT_SUCCESS(status)) {
        status = DevTransfer(mdl);
        if (Paged)
            MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, TAG_DATA);
    return status;
}
