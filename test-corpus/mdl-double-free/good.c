#include <ntddk.h>

#define XFER_HAS_MDL  0x0001
#define XFER_ABORTED  0x0002

typedef struct _TRANSFER {
    PMDL Mdl;
    ULONG State;
    ULONG Flags;
} TRANSFER, *PTRANSFER;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

NTSTATUS good_label_frees(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto Exit;
    }
    MmUnlockPages(mdl);

Exit:
    IoFreeMdl(mdl); // ok: mdl-double-free
    return status;
}

NTSTATUS good_pointer_cleared(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);

    status = DevTransfer(Buffer, Length);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        mdl = NULL;
    }

    if (mdl != NULL)
        IoFreeMdl(mdl); // ok: mdl-double-free
    return status;
}

VOID good_switch_with_break(PTRANSFER Transfer)
{
    switch (Transfer->State) {
    case 1:
        IoFreeMdl(Transfer->Mdl);
        break;
    case 2:
        IoFreeMdl(Transfer->Mdl); // ok: mdl-double-free
        break;
    default:
        return;
    }
    Transfer->Mdl = NULL;
}

NTSTATUS good_alias_compared(PVOID Buffer, ULONG Length)
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

    if (tail != head)
        IoFreeMdl(tail);
    IoFreeMdl(head); // ok: mdl-double-free
    return STATUS_SUCCESS;
}

/* The same range of Length decides at both places. */
NTSTATUS good_range_decides(PVOID Buffer, ULONG Length)
{
    PMDL head, tail = NULL;

    head = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Length >= 2 * PAGE_SIZE) {
        tail = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);
        IoFreeMdl(head);
        if (tail == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }

    if (Length < 2 * PAGE_SIZE)
        IoFreeMdl(head); // ok: mdl-double-free
    else
        IoFreeMdl(tail);
    return STATUS_SUCCESS;
}

NTSTATUS good_finally_frees(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmBuildMdlForNonPagedPool(mdl);
        status = DevTransfer(Buffer, Length);
        if (status == STATUS_CANCELLED)
            return status;
    } __finally {
        IoFreeMdl(mdl); // ok: mdl-double-free
    }
    return status;
}

NTSTATUS good_status_tested_once(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);

    status = DevTransfer(Buffer, Length);
    if (status == STATUS_PENDING)
        IoFreeMdl(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl); // ok: mdl-double-free
        return status;
    }
    if (status != STATUS_PENDING)
        IoFreeMdl(mdl); // ok: mdl-double-free
    return STATUS_SUCCESS;
}

VOID good_flag_word(PTRANSFER Transfer)
{
    if ((Transfer->Flags & (XFER_HAS_MDL | XFER_ABORTED)) == (XFER_HAS_MDL | XFER_ABORTED)) {
        IoFreeMdl(Transfer->Mdl);
        Transfer->Flags &= ~XFER_HAS_MDL;
    }
    if (Transfer->Flags & XFER_HAS_MDL) {
        IoFreeMdl(Transfer->Mdl); // ok: mdl-double-free
        Transfer->Flags &= ~XFER_HAS_MDL;
    }
    Transfer->Mdl = NULL;
}
