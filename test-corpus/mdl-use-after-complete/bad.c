#include <ntddk.h>

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
    PUCHAR Store;
    ULONG Size;
    ULONG LastLength;
} EXTENSION, *PEXTENSION;

/* The mapping goes with the request. */
NTSTATUS bad_write_through_mapping(PIRP Irp)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    data[0] = 0; // expect: mdl-use-after-complete
    return STATUS_SUCCESS;
}

/* For the statistics, one line too late. */
NTSTATUS bad_byte_count(PEXTENSION Extension, PIRP Irp)
{
    PMDL mdl = Irp->MdlAddress;

    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = Extension->Size;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    Extension->LastLength = MmGetMdlByteCount(mdl); // expect: mdl-use-after-complete
    return STATUS_SUCCESS;
}

/* The driver hung it there, but completing the request is what frees it. */
NTSTATUS bad_unlock_own_after(PIRP Irp, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Irp->UserBuffer, Length, FALSE, FALSE, Irp);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        Irp->MdlAddress = NULL;
        return GetExceptionCode();
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    MmUnlockPages(mdl); // expect: mdl-use-after-complete
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* Only where the copy is short. */
NTSTATUS bad_pad_after(PEXTENSION Extension, PIRP Irp, ULONG Length)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(data, Extension->Store, Extension->Size);
    Irp->IoStatus.Information = Length;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    if (Extension->Size < Length)
        data[Extension->Size] = 0; // expect: mdl-use-after-complete
    return STATUS_SUCCESS;
}

static VOID helper_complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* The completion is in a helper. */
NTSTATUS bad_helper_completes(PEXTENSION Extension, PIRP Irp)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    helper_complete(Irp, STATUS_SUCCESS);
    Extension->LastLength = data[0]; // expect: mdl-use-after-complete
    return STATUS_SUCCESS;
}

/* Nothing keeps this IRP when it is done: the I/O manager frees it, and the
   MDL on it. */
NTSTATUS bad_free_after_send(PEXTENSION Extension, ULONG Code)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb;
    NTSTATUS status;
    PIRP irp;
    PMDL mdl = IoAllocateMdl(Extension->Store, Extension->Size, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(Code, Extension->Lower, NULL, 0, NULL, 0, TRUE, &event, &iosb);
    if (irp == NULL) {
        IoFreeMdl(mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->MdlAddress = mdl;
    status = IoCallDriver(Extension->Lower, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeMdl(mdl); // expect: mdl-use-after-complete
    return iosb.Status;
}
