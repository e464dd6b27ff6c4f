#include <ntddk.h>

typedef struct _STRIPE {
    PIRP Irp;
    PVOID Buffer;
    ULONG Length;
} STRIPE, *PSTRIPE;

typedef struct _STRIPE_SET {
    PSTRIPE Stripes;
    KEVENT Event;
    LONG Left;
} STRIPE_SET;

IO_COMPLETION_ROUTINE StripeDone;

/* An array of structures that point to requests that point to MDLs: filled by
   one loop, which may stop anywhere, and emptied by another. */
NTSTATUS good_requests_in_an_array(PDEVICE_OBJECT *Devices, ULONG Count, ULONG Kind)
{
    STRIPE_SET set;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    set.Stripes = ExAllocatePoolWithTag(NonPagedPool, sizeof(STRIPE) * Count, 'tSeR');
    if (set.Stripes == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(set.Stripes, sizeof(STRIPE) * Count);
    for (i = 0; i < Count; i++) {
        if (Kind != 2)
            set.Stripes[i].Length = 4096;
        if (Devices[i] == NULL || set.Stripes[i].Length == 0)
            continue;
        set.Stripes[i].Buffer = ExAllocatePoolWithTag(NonPagedPool, set.Stripes[i].Length, 'tSeR');
        if (set.Stripes[i].Buffer == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto end;
        }
        set.Stripes[i].Irp = IoAllocateIrp(Devices[i]->StackSize, FALSE);
        if (set.Stripes[i].Irp == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto end;
        }
        if ((Devices[i]->Flags & DO_DIRECT_IO) == 0)
            continue;
        set.Stripes[i].Irp->MdlAddress =
            IoAllocateMdl(set.Stripes[i].Buffer, set.Stripes[i].Length, FALSE, FALSE, NULL);
        if (set.Stripes[i].Irp->MdlAddress == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto end;
        }
        status = STATUS_SUCCESS;
        __try {
            MmProbeAndLockPages(set.Stripes[i].Irp->MdlAddress, KernelMode, IoWriteAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(set.Stripes[i].Irp->MdlAddress);
            set.Stripes[i].Irp->MdlAddress = NULL;
            goto end;
        }
        IoSetCompletionRoutine(set.Stripes[i].Irp, StripeDone, &set, TRUE, TRUE, TRUE);
        set.Left++;
    }
    KeInitializeEvent(&set.Event, NotificationEvent, FALSE);
    for (i = 0; i < Count; i++) {
        if (Devices[i] != NULL && set.Stripes[i].Length > 0)
            IoCallDriver(Devices[i], set.Stripes[i].Irp);
    }
    KeWaitForSingleObject(&set.Event, Executive, KernelMode, FALSE, NULL);
end:
    for (i = 0; i < Count; i++) {
        if (set.Stripes[i].Irp != NULL) {
            if ((Devices[i]->Flags & DO_DIRECT_IO) && set.Stripes[i].Irp->MdlAddress != NULL) {
                MmUnlockPages(set.Stripes[i].Irp->MdlAddress);
                IoFreeMdl(set.Stripes[i].Irp->MdlAddress);
            }
            IoFreeIrp(set.Stripes[i].Irp);
        }
        if (set.Stripes[i].Buffer != NULL)
            ExFreePool(set.Stripes[i].Buffer);
    }
    ExFreePool(set.Stripes); // ok: mdl-leak
    return status;
}

/* The position in units of Count: there is no way on when that is zero. */
static ULONG helper_slot(ULONG Offset, ULONG Size, USHORT Count)
{
    return Offset % (Size * Count);
}

NTSTATUS good_count_that_was_divided_by(PVOID Buffer, ULONG Offset, ULONG Size, USHORT Count)
{
    ULONG slot = helper_slot(Offset, Size, Count);
    PMDL mdl = IoAllocateMdl(Buffer, Size, FALSE, FALSE, NULL);
    USHORT i;

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < Count; i++) {
        if (i == 0)
            IoFreeMdl(mdl);
    }
    return slot == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL; // ok: mdl-leak
}

NTSTATUS bad_count_that_may_be_zero(PVOID Buffer, ULONG Size, USHORT Count)
{
    PMDL mdl = IoAllocateMdl(Buffer, Size, FALSE, FALSE, NULL);
    USHORT i;

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < Count; i++) {
        if (i == 0)
            IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS; // expect: mdl-leak
}
