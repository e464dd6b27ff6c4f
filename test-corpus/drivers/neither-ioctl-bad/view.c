// User buffers: locking, mapping, and the way back.
#include "neither.h"

NTSTATUS NeitherOpenView(PVOID UserBuffer, ULONG Length, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation,
                         PNEITHER_VIEW View)
{
    NTSTATUS status;
    PMDL mdl;
    PVOID address;

    View->Mdl = NULL;
    View->Data = NULL;
    View->Length = 0;

    if (UserBuffer == NULL || Length == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Length > NEITHER_MAX_TRANSFER) {
        return STATUS_INVALID_BUFFER_SIZE;
    }

    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    __try {
        MmProbeAndLockPages(mdl, Mode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        // Nothing is locked when the probe raises.
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (address == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES; // expect: mdl-lock-leak
    }

    View->Mdl = mdl;
    View->Data = address;
    View->Length = Length;
    return STATUS_SUCCESS;
}

VOID NeitherCloseView(PNEITHER_VIEW View)
{
    if (View->Mdl != NULL) {
        // Unlocking takes the system mapping along.
        MmUnlockPages(View->Mdl);
        IoFreeMdl(View->Mdl);
        View->Mdl = NULL;
        View->Data = NULL;
        View->Length = 0;
    }
}

// Sums up a user buffer of any size, one window at a time, with a single MDL.
NTSTATUS NeitherTouchUserBuffer(PVOID UserBuffer, ULONG Length, KPROCESSOR_MODE Mode, PULONG Sum)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = NULL;
    PUCHAR user = UserBuffer;
    PUCHAR data;
    ULONG offset;
    ULONG window;
    ULONG index;
    ULONG sum = 0;

    *Sum = 0;
    for (offset = 0; offset < Length; offset += window) {
        window = Length - offset;
        if (window > PAGE_SIZE) {
            window = PAGE_SIZE;
        }

        mdl = IoAllocateMdl(user + offset, window, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }

        __try {
            MmProbeAndLockPages(mdl, Mode, IoReadAccess);
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        if (!NT_SUCCESS(status)) {
            break;
        }

        data = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (data == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        for (index = 0; index < window; index++) {
            sum += data[index];
        }

        MmUnlockPages(mdl);
        locked = FALSE;
        IoFreeMdl(mdl);
        mdl = NULL;
    }

    if (locked) {
        MmUnlockPages(mdl);
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    if (NT_SUCCESS(status)) {
        *Sum = sum;
    }
    return status;
}
