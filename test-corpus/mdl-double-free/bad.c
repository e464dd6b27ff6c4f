#include <ntddk.h>

typedef struct _TRANSFER {
    PMDL Mdl;
    ULONG State;
    NTSTATUS Status;
} TRANSFER, *PTRANSFER;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* The handler frees, the label frees again. */
NTSTATUS bad_handler_and_label(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        goto Exit;
    }
    MmUnlockPages(mdl);

Exit:
    IoFreeMdl(mdl); // expect: mdl-double-free
    return status;
}

/* The pointer stays set after the first free. */
NTSTATUS bad_pointer_not_cleared(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);

    status = DevTransfer(Buffer, Length);
    if (!NT_SUCCESS(status))
        IoFreeMdl(mdl);

    if (mdl != NULL)
        IoFreeMdl(mdl); // expect: mdl-double-free
    return status;
}

/* Missing break. */
VOID bad_switch_fallthrough(PTRANSFER Transfer)
{
    switch (Transfer->State) {
    case 1:
        IoFreeMdl(Transfer->Mdl);
    case 2:
        IoFreeMdl(Transfer->Mdl); // expect: mdl-double-free
        Transfer->Mdl = NULL;
        break;
    default:
        break;
    }
}

/* Both names point at one MDL when the buffer was small. */
NTSTATUS bad_alias(PVOID Buffer, ULONG Length)
{
    PMDL head = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL tail = head;

    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Length > PAGE_SIZE) {
        tail = IoAllocateMdl(Buffer, Length - PAGE_SIZE, FALSE, FALSE, NULL);
        if (tail == NULL) {
            IoFreeMdl(head);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }

    IoFreeMdl(head);
    IoFreeMdl(tail); // expect: mdl-double-free
    return STATUS_SUCCESS;
}

/* Freed in the body and in the finally part. */
NTSTATUS bad_finally_frees_again(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmBuildMdlForNonPagedPool(mdl);
        status = DevTransfer(Buffer, Length);
        if (status == STATUS_CANCELLED) {
            IoFreeMdl(mdl);
            return status;
        }
    } __finally {
        IoFreeMdl(mdl); // expect: mdl-double-free
    }
    return status;
}

/* The error of the second step is cleaned up twice. */
NTSTATUS bad_status_tested_twice(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);

    status = DevTransfer(Buffer, Length);
    if (status == STATUS_DEVICE_BUSY)
        IoFreeMdl(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl); // expect: mdl-double-free
        return status;
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
