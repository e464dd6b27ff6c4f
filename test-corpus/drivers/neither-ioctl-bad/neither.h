// neither-ioctl: a store that user mode reads and writes through METHOD_NEITHER requests.
#ifndef NEITHER_H
#define NEITHER_H

#include <ntddk.h>

#define NEITHER_TAG 'htiN'
#define NEITHER_STORE_LENGTH (16 * PAGE_SIZE)
#define NEITHER_MAX_TRANSFER (4 * PAGE_SIZE)

#define NEITHER_DEVICE_TYPE 0x8321
#define IOCTL_NEITHER_PUT CTL_CODE(NEITHER_DEVICE_TYPE, 0x801, METHOD_NEITHER, FILE_WRITE_ACCESS)
#define IOCTL_NEITHER_GET CTL_CODE(NEITHER_DEVICE_TYPE, 0x802, METHOD_NEITHER, FILE_READ_ACCESS)
#define IOCTL_NEITHER_MIX CTL_CODE(NEITHER_DEVICE_TYPE, 0x803, METHOD_NEITHER, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_NEITHER_STATS CTL_CODE(NEITHER_DEVICE_TYPE, 0x804, METHOD_NEITHER, FILE_ANY_ACCESS)

typedef struct _NEITHER_STATS {
    ULONG Requests;
    ULONG Faults;
    ULONG BytesIn;
    ULONG BytesOut;
} NEITHER_STATS, *PNEITHER_STATS;

typedef struct _NEITHER_DEVICE {
    PDEVICE_OBJECT Self;
    FAST_MUTEX StoreLock;
    PUCHAR Store;
    ULONG StoreLength;
    NEITHER_STATS Stats;
} NEITHER_DEVICE, *PNEITHER_DEVICE;

// A user buffer locked and mapped into system space. Mdl is not NULL exactly as long as its pages are locked.
typedef struct _NEITHER_VIEW {
    PMDL Mdl;
    PUCHAR Data;
    ULONG Length;
} NEITHER_VIEW, *PNEITHER_VIEW;

// view.c
NTSTATUS NeitherOpenView(PVOID UserBuffer, ULONG Length, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation,
                         PNEITHER_VIEW View);
VOID NeitherCloseView(PNEITHER_VIEW View);
NTSTATUS NeitherTouchUserBuffer(PVOID UserBuffer, ULONG Length, KPROCESSOR_MODE Mode, PULONG Sum);

// ioctl.c
DRIVER_DISPATCH NeitherDeviceControl;

// driver.c
NTSTATUS NeitherComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

#endif
