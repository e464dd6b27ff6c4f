// One synchronous transfer: the device says how it wants the buffer.
//# helpers
static NTSTATUS StoreTransfer$(STORE_DEVICE *Device, ULONG64 Start, PUCHAR Data, ULONG Length)
{
    PDEVICE_OBJECT target = Device->DeviceObject;
    IO_STATUS_BLOCK result;
    PIO_STACK_LOCATION next;
    NTSTATUS status;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoAllocateIrp(target->StackSize, FALSE);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->Parameters.Read.Length = Length;
    next->Parameters.Read.ByteOffset.QuadPart = Start;
    irp->UserIosb = &result;

    if (target->Flags & DO_BUFFERED_IO) {
        irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, Length, STORE_TAG);
        if (irp->AssociatedIrp.SystemBuffer == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | IRP_INPUT_OPERATION;
        irp->UserBuffer = Data;
    } else if (target->Flags & DO_DIRECT_IO) {
        irp->MdlAddress = IoAllocateMdl(Data, Length, FALSE, FALSE, NULL);
        if (irp->MdlAddress == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
        status = STATUS_SUCCESS;
        __try { //! del bare
            MmProbeAndLockPages(irp->MdlAddress, KernelMode, IoWriteAccess); //! see bare mdl-probe-outside-try
        } __except (EXCEPTION_EXECUTE_HANDLER) { //! del bare
            MmUnlockPages(irp->MdlAddress); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode(); //! del bare
        } //! del bare
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(irp->MdlAddress); //! del lose
            goto Exit;
        }
    } else {
        irp->UserBuffer = Data;
    }
    IoSetCompletionRoutine(irp, StoreSignal, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(target, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    if (target->Flags & DO_DIRECT_IO) {
        MmUnlockPages(irp->MdlAddress); //! del drop
        MmUnlockPages(irp->MdlAddress); //! only twice; see twice mdl-double-unlock
        IoFreeMdl(irp->MdlAddress); //! see drop mdl-free-locked
        IoFreeMdl(irp->MdlAddress); //! only refree; see refree mdl-double-free
    }
Exit:
    IoFreeIrp(irp); //! see lose mdl-leak
    return status; //! see lose mdl-leak
}

//# work
    status = StoreTransfer$(&Volume->Devices[0], Offset, Buffer, Length);
    if (!NT_SUCCESS(status) && Volume->DeviceCount > 1) {
        status = StoreTransfer$(&Volume->Devices[1], Offset, Buffer, Length);
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
