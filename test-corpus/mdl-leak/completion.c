#include <ntddk.h>

typedef struct _SEND {
    LIST_ENTRY Link;
    KEVENT Event;
    PIRP Irp;
    PMDL Mdl;
    IO_STATUS_BLOCK Iosb;
} SEND, *PSEND;

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
    LIST_ENTRY Done;
    PSEND Current;
} EXTENSION, *PEXTENSION;

IO_COMPLETION_ROUTINE helper_signals, helper_frees, helper_queues, helper_passes;

NTSTATUS DevStart(PIRP Irp);

/* The request stays with who sent it. */
NTSTATUS helper_signals(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PSEND send = Context;

    UNREFERENCED_PARAMETER(Device);
    send->Iosb = Irp->IoStatus;
    KeSetEvent(&send->Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS helper_frees(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PSEND send = Context;

    UNREFERENCED_PARAMETER(Device);
    IoFreeMdl(Irp->MdlAddress);
    Irp->MdlAddress = NULL;
    IoFreeIrp(Irp);
    ExFreePool(send);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* For a thread that takes it from there. */
NTSTATUS helper_queues(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PEXTENSION extension = Device->DeviceExtension;
    PSEND send = Context;

    send->Irp = Irp;
    extension->Current = send;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Completed to the end, and the MDL with it. */
NTSTATUS helper_passes(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_SUCCESS;
}

static PIRP helper_build(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    PIRP irp = IoAllocateIrp(Lower->StackSize, FALSE);

    if (irp == NULL)
        return NULL;
    irp->MdlAddress = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (irp->MdlAddress == NULL) {
        IoFreeIrp(irp);
        return NULL;
    }
    MmBuildMdlForNonPagedPool(irp->MdlAddress);
    return irp;
}

/* The IRP is freed, what hangs on it is not. */
NTSTATUS bad_waited_for(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    SEND send;
    PIRP irp = helper_build(Lower, Buffer, Length);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&send.Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_signals, &send, TRUE, TRUE, TRUE);
    IoCallDriver(Lower, irp);
    KeWaitForSingleObject(&send.Event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
    return send.Iosb.Status; // expect: mdl-leak
}

NTSTATUS good_waited_for(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    SEND send;
    PIRP irp = helper_build(Lower, Buffer, Length);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&send.Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_signals, &send, TRUE, TRUE, TRUE);
    IoCallDriver(Lower, irp);
    KeWaitForSingleObject(&send.Event, Executive, KernelMode, FALSE, NULL);
    IoFreeMdl(irp->MdlAddress);
    IoFreeIrp(irp);
    return send.Iosb.Status; // ok: mdl-leak
}

/* With the routine set the request is still ours, as long as it is not sent. */
NTSTATUS bad_never_sent(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    SEND send;
    PIRP irp = helper_build(Lower, Buffer, Length);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&send.Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_signals, &send, TRUE, TRUE, TRUE);
    status = DevStart(NULL);
    if (!NT_SUCCESS(status)) {
        IoFreeIrp(irp);
        return status; // expect: mdl-leak
    }
    IoCallDriver(Lower, irp);
    KeWaitForSingleObject(&send.Event, Executive, KernelMode, FALSE, NULL);
    IoFreeMdl(irp->MdlAddress);
    IoFreeIrp(irp);
    return send.Iosb.Status;
}

/* The routine frees all of it. */
NTSTATUS good_routine_frees(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    PSEND send = ExAllocatePoolWithTag(NonPagedPool, sizeof(SEND), 'dneS');
    PIRP irp;

    if (send == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp = helper_build(Lower, Buffer, Length);
    if (irp == NULL) {
        ExFreePool(send);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoSetCompletionRoutine(irp, helper_frees, send, TRUE, TRUE, TRUE);
    IoCallDriver(Lower, irp); // ok: mdl-leak
    return STATUS_PENDING;
}

NTSTATUS good_routine_queues(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    PSEND send = ExAllocatePoolWithTag(NonPagedPool, sizeof(SEND), 'dneS');
    PIRP irp;

    if (send == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp = helper_build(Lower, Buffer, Length);
    if (irp == NULL) {
        ExFreePool(send);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoSetCompletionRoutine(irp, helper_queues, send, TRUE, TRUE, TRUE);
    IoCallDriver(Lower, irp); // ok: mdl-leak
    return STATUS_PENDING;
}

/* Not called when the request is cancelled: then the system frees it. */
NTSTATUS good_not_always(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    SEND send;
    PIRP irp = helper_build(Lower, Buffer, Length);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&send.Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_signals, &send, TRUE, TRUE, FALSE);
    IoCallDriver(Lower, irp);
    KeWaitForSingleObject(&send.Event, Executive, KernelMode, FALSE, NULL);
    return send.Iosb.Status; // ok: mdl-leak
}

NTSTATUS good_completed(PDEVICE_OBJECT Lower, PVOID Buffer, ULONG Length)
{
    KEVENT event;
    PIRP irp = helper_build(Lower, Buffer, Length);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, helper_passes, &event, TRUE, TRUE, TRUE);
    IoCallDriver(Lower, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS; // ok: mdl-leak
}
