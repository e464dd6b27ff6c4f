#include <ntifs.h>

#define STORE_TAG 'rotS'
#define STORE_WINDOW 0x10000
#define STORE_BLOCK 0x1000
#define STORE_COPIES 3
#define STORE_RETRIES 5

#define STORE_PAGING_IO 0x0001
#define STORE_VERIFY 0x0002
#define STORE_NO_MAP 0x0004
#define STORE_STOP_AT_ZERO 0x0008
#define STORE_URGENT 0x0010

#define STORE_FROM_LOCKED 0x1
#define STORE_TO_LOCKED 0x2

enum { STORE_SINGLE, STORE_RAID0, STORE_RAID1, STORE_RAID10, STORE_RAID5, STORE_RAID6 };

typedef struct _STORE_DEVICE {
    PDEVICE_OBJECT DeviceObject;
    ULONG SectorSize;
    LONG Errors;
    BOOLEAN ReadOnly;
    BOOLEAN Missing;
    BOOLEAN Trim;
} STORE_DEVICE;

typedef struct _STORE_VOLUME {
    KSPIN_LOCK Lock;
    ERESOURCE TreeLock;
    LIST_ENTRY Waiting;
    ULONG WaitingCount;
    ULONG RaidType;
    ULONG DeviceCount;
    STORE_DEVICE *Devices;
    ULONG StripeLength;
    ULONG LogLength;
    ULONG MapLength;
    ULONG ZeroWindows;
    ULONG64 Size;
    ULONG64 Generation;
    ULONG64 Committed;
    ULONG64 Read;
    ULONG64 Written;
    BOOLEAN ReadOnly;
} STORE_VOLUME;

NTSTATUS StoreSubmit(const STORE_DEVICE *Device, ULONG64 Start, ULONG Length);
NTSTATUS StoreCommit(const STORE_VOLUME *Volume);
NTSTATUS StoreWaitDevices(const STORE_VOLUME *Volume, PKEVENT Event, ULONG Count);
NTSTATUS StoreCheckRange(const STORE_VOLUME *Volume, ULONG64 Start, ULONG Length);
ULONG StoreChecksum(const UCHAR *Data, ULONG Length);

static NTSTATUS NTAPI StoreSignal(PDEVICE_OBJECT Device, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Sends what the MDL describes to the first device and waits; the MDL stays the
// caller's.
static NTSTATUS StoreSend(STORE_VOLUME *Volume, PMDL Mdl, ULONG64 Start, ULONG Length)
{
    PDEVICE_OBJECT target = Volume->Devices[0].DeviceObject;
    IO_STATUS_BLOCK result;
    PIO_STACK_LOCATION next;
    NTSTATUS status;
    KEVENT event;
    PIRP irp;

    irp = IoAllocateIrp(target->StackSize, FALSE);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_WRITE;
    next->Parameters.Write.Length = Length;
    next->Parameters.Write.ByteOffset.QuadPart = Start;
    irp->MdlAddress = Mdl;
    irp->UserIosb = &result;
    IoSetCompletionRoutine(irp, StoreSignal, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(target, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    irp->MdlAddress = NULL;
    IoFreeIrp(irp);
    return status;
}

