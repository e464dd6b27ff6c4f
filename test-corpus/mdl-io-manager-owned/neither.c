#include <ntddk.h>

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
} EXTENSION, *PEXTENSION;

/* Hangs an MDL of its own on requests that come without one (METHOD_NEITHER),
   and takes it off again before it completes them. */
static NTSTATUS helper_lock_request(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS status = STATUS_SUCCESS;

    Irp->MdlAddress = IoAllocateMdl(Stack->Parameters.DeviceIoControl.Type3InputBuffer,
                                    Stack->Parameters.DeviceIoControl.InputBufferLength,
                                    FALSE, FALSE, NULL);
    if (Irp->MdlAddress == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(Irp->MdlAddress, Irp->RequestorMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
    return status;
}

NTSTATUS good_starts_neither_request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION ext = DeviceObject->DeviceExtension;
    NTSTATUS status = helper_lock_request(Irp, IoGetCurrentIrpStackLocation(Irp));

    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    IoMarkIrpPending(Irp);
    IoStartPacket(ext->Lower, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static VOID helper_end_request(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->MdlAddress != NULL) {
        MmUnlockPages(Irp->MdlAddress); // ok: mdl-io-manager-owned
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

DRIVER_STARTIO good_StartNeither;
VOID good_StartNeither(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    helper_end_request(DeviceObject, Irp);
}
