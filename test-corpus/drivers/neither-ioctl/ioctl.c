// The requests.
#include "neither.h"

// The store is copied under a fast mutex: the views are locked, so nothing faults there.
static NTSTATUS NeitherPut(PNEITHER_DEVICE Device, PNEITHER_VIEW Input, ULONG Offset)
{
    NTSTATUS status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Device->StoreLock);
    if (Offset > Device->StoreLength || Input->Length > Device->StoreLength - Offset) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        RtlCopyMemory(Device->Store + Offset, Input->Data, Input->Length);
        Device->Stats.BytesIn += Input->Length;
    }
    ExReleaseFastMutex(&Device->StoreLock);
    return status;
}

static NTSTATUS NeitherGet(PNEITHER_DEVICE Device, PNEITHER_VIEW Output, ULONG Offset)
{
    NTSTATUS status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Device->StoreLock);
    if (Offset > Device->StoreLength || Output->Length > Device->StoreLength - Offset) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        RtlCopyMemory(Output->Data, Device->Store + Offset, Output->Length);
        Device->Stats.BytesOut += Output->Length;
    }
    ExReleaseFastMutex(&Device->StoreLock);
    return status;
}

static NTSTATUS NeitherDoPut(PNEITHER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS status;
    NEITHER_VIEW input;
    ULONG checksum;

    status = NeitherTouchUserBuffer(Stack->Parameters.DeviceIoControl.Type3InputBuffer,
                                    Stack->Parameters.DeviceIoControl.InputBufferLength, Irp->RequestorMode, &checksum);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (checksum == 0) {
        return STATUS_INVALID_PARAMETER;
    }

    status = NeitherOpenView(Stack->Parameters.DeviceIoControl.Type3InputBuffer,
                             Stack->Parameters.DeviceIoControl.InputBufferLength, Irp->RequestorMode, IoReadAccess,
                             &input);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = NeitherPut(Device, &input, 0);
    NeitherCloseView(&input);
    return status;
}

static NTSTATUS NeitherDoGet(PNEITHER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information)
{
    NTSTATUS status;
    NEITHER_VIEW output;

    status = NeitherOpenView(Irp->UserBuffer, Stack->Parameters.DeviceIoControl.OutputBufferLength, Irp->RequestorMode,
                             IoWriteAccess, &output);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = NeitherGet(Device, &output, 0);
    if (NT_SUCCESS(status)) {
        *Information = output.Length;
    }
    NeitherCloseView(&output);
    return status;
}

// Both buffers at once: the output becomes the input mixed with the store.
static NTSTATUS NeitherDoMix(PNEITHER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information)
{
    NTSTATUS status;
    NEITHER_VIEW input = {NULL, NULL, 0};
    NEITHER_VIEW output = {NULL, NULL, 0};
    ULONG index;
    ULONG length;

    __try {
        status = NeitherOpenView(Stack->Parameters.DeviceIoControl.Type3InputBuffer,
                                 Stack->Parameters.DeviceIoControl.InputBufferLength, Irp->RequestorMode, IoReadAccess,
                                 &input);
        if (!NT_SUCCESS(status)) {
            __leave;
        }
        status = NeitherOpenView(Irp->UserBuffer, Stack->Parameters.DeviceIoControl.OutputBufferLength,
                                 Irp->RequestorMode, IoWriteAccess, &output);
        if (!NT_SUCCESS(status)) {
            __leave;
        }

        length = input.Length < output.Length ? input.Length : output.Length;
        if (length > Device->StoreLength) {
            status = STATUS_INVALID_PARAMETER;
            __leave;
        }
        ExAcquireFastMutex(&Device->StoreLock);
        for (index = 0; index < length; index++) {
            output.Data[index] = (UCHAR)(input.Data[index] ^ Device->Store[index]);
        }
        Device->Stats.BytesIn += length;
        Device->Stats.BytesOut += length;
        ExReleaseFastMutex(&Device->StoreLock);
        *Information = length;
    } __finally {
        NeitherCloseView(&output);
        NeitherCloseView(&input);
    }
    return status;
}

// A few bytes: written straight to the user buffer, in the context of the caller, with the probe and the handler that needs.
static NTSTATUS NeitherDoStats(PNEITHER_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information)
{
    NTSTATUS status = STATUS_SUCCESS;
    NEITHER_STATS stats;

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(NEITHER_STATS)) {
        return STATUS_BUFFER_TOO_SMALL;
    }

    ExAcquireFastMutex(&Device->StoreLock);
    stats = Device->Stats;
    ExReleaseFastMutex(&Device->StoreLock);

    __try {
        if (Irp->RequestorMode != KernelMode) {
            ProbeForWrite(Irp->UserBuffer, sizeof(NEITHER_STATS), sizeof(ULONG));
        }
        *(PNEITHER_STATS)Irp->UserBuffer = stats;
        *Information = sizeof(NEITHER_STATS);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS NeitherDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNEITHER_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG_PTR information = 0;
    NTSTATUS status;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_NEITHER_PUT:
        status = NeitherDoPut(device, Irp, stack);
        break;
    case IOCTL_NEITHER_GET:
        status = NeitherDoGet(device, Irp, stack, &information);
        break;
    case IOCTL_NEITHER_MIX:
        status = NeitherDoMix(device, Irp, stack, &information);
        break;
    case IOCTL_NEITHER_STATS:
        status = NeitherDoStats(device, Irp, stack, &information);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }

    ExAcquireFastMutex(&device->StoreLock);
    device->Stats.Requests++;
    if (!NT_SUCCESS(status)) {
        device->Stats.Faults++;
    }
    ExReleaseFastMutex(&device->StoreLock);
    return NeitherComplete(Irp, status, information);
}
