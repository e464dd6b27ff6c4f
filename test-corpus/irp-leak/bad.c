#include <ntddk.h>

typedef struct _TRANSFER {
    KEVENT Event;
    IO_STATUS_BLOCK Iosb;
    PIRP Irp;
} TRANSFER, *PTRANSFER;

BOOLEAN DevIsReady(PDEVICE_OBJECT Device);

/* The check comes after the allocation, and its way out frees nothing. */
NTSTATUS bad_early_return(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!DevIsReady(Device))
        return STATUS_DEVICE_NOT_READY; // expect: irp-leak
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    return IoCallDriver(Device, irp);
}

/* No memory for the buffer. */
NTSTATUS bad_second_allocation_fails(PDEVICE_OBJECT Device, ULONG Length)
{
    PVOID buffer;
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    buffer = ExAllocatePoolWithTag(NonPagedPool, Length, 'prI ');
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES; // expect: irp-leak
    irp->AssociatedIrp.SystemBuffer = buffer;
    return IoCallDriver(Device, irp);
}

/* The lock raises, and the handler thinks of the MDL only. */
NTSTATUS bad_handler_forgets(PDEVICE_OBJECT Device, PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode(); // expect: irp-leak
    }
    irp->MdlAddress = mdl;
    return IoCallDriver(Device, irp);
}

/* The second overwrites the first. */
NTSTATUS bad_overwritten(PDEVICE_OBJECT Device, BOOLEAN Big)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (Big)
        irp = IoAllocateIrp((CCHAR)(Device->StackSize + 1), FALSE); // expect: irp-leak
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return IoCallDriver(Device, irp);
}

static PIRP helper_make(PDEVICE_OBJECT Device, UCHAR Major)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    if (irp != NULL)
        IoGetNextIrpStackLocation(irp)->MajorFunction = Major;
    return irp;
}

NTSTATUS bad_made_by_helper(PDEVICE_OBJECT Device)
{
    PIRP irp = helper_make(Device, IRP_MJ_READ);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (irp != NULL) {
        if (DevIsReady(Device))
            status = IoCallDriver(Device, irp);
        else
            status = STATUS_DEVICE_NOT_READY;
    }
    return status; // expect: irp-leak
}

NTSTATUS bad_asynchronous_request(PDEVICE_OBJECT Device, PVOID Buffer, ULONG Length, PTRANSFER Context)
{
    LARGE_INTEGER offset = {0};
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, Device, Buffer, Length, &offset, &Context->Iosb);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Length == 0)
        return STATUS_INVALID_PARAMETER; // expect: irp-leak
    return IoCallDriver(Device, irp);
}
