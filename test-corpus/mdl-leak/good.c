#include <ntddk.h>

#define MAX_TRANSFER 0x10000

typedef struct _CONTEXT_ENTRY {
    LIST_ENTRY Link;
    PMDL Mdl;
} CONTEXT_ENTRY, *PCONTEXT_ENTRY;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevReserveSlot(PULONG Slot);
VOID DevQueueMdl(PMDL Mdl);

static PMDL SharedMdl;

NTSTATUS good_handler_frees(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode(); // ok: mdl-leak
    }

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_early_parameter_check(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl;

    if (Length > MAX_TRANSFER)
        return STATUS_INVALID_BUFFER_SIZE;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-leak

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_null_tests_in_cleanup(PVOID Input, PVOID Output, ULONG Length)
{
    PMDL in = NULL, out = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    do {
        in = IoAllocateMdl(Input, Length, FALSE, FALSE, NULL);
        if (in == NULL)
            break;
        out = IoAllocateMdl(Output, Length, FALSE, FALSE, NULL);
        if (out == NULL)
            break;
        MmBuildMdlForNonPagedPool(in);
        MmBuildMdlForNonPagedPool(out);
        status = DevTransfer(Input, Length);
    } while (0);

    if (out)
        IoFreeMdl(out);
    if (in)
        IoFreeMdl(in);
    return status; // ok: mdl-leak
}

NTSTATUS good_replaced_after_free(PVOID Buffer, ULONG Length, ULONG Extra)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (Extra != 0) {
        IoFreeMdl(mdl);
        mdl = IoAllocateMdl(Buffer, Length + Extra, FALSE, FALSE, NULL); // ok: mdl-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length + Extra);
    IoFreeMdl(mdl);
    return status;
}

/* Returned to the caller, NULL on failure. */
PMDL good_returned(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
    return mdl; // ok: mdl-leak
}

NTSTATUS good_stored_in_global(PVOID Buffer, ULONG Length)
{
    PMDL mdl;

    if (SharedMdl != NULL)
        return STATUS_DEVICE_BUSY;
    mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    SharedMdl = mdl;
    return STATUS_SUCCESS; // ok: mdl-leak
}

/* Another part of the driver takes it from here. */
NTSTATUS good_given_away(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    DevQueueMdl(mdl);
    return STATUS_PENDING; // ok: mdl-leak
}

NTSTATUS good_linked_entry(PLIST_ENTRY Head, PVOID Buffer, ULONG Length)
{
    PCONTEXT_ENTRY entry;

    entry = (PCONTEXT_ENTRY)ExAllocatePoolWithTag(NonPagedPool, sizeof(*entry), 'tnEC');
    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->Mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (entry->Mdl == NULL) {
        ExFreePoolWithTag(entry, 'tnEC');
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    InsertTailList(Head, &entry->Link);
    return STATUS_SUCCESS; // ok: mdl-leak
}

/* Allocated with the IRP: the completion frees it. */
NTSTATUS good_allocated_for_irp(PIRP Irp, PVOID PoolBuffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(PoolBuffer, Length, FALSE, FALSE, Irp);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    return STATUS_SUCCESS; // ok: mdl-leak
}

static volatile PMDL ReserveMdl;

/* Somebody else may have been faster: then ours is not the one that lies there. */
VOID good_reserve_mdl(VOID)
{
    PMDL mdl;

    if (ReserveMdl != NULL)
        return;
    mdl = IoAllocateMdl(NULL, 16 * PAGE_SIZE, TRUE, FALSE, NULL);
    if (mdl == NULL)
        return;
    InterlockedCompareExchangePointer((PVOID volatile *)&ReserveMdl, mdl, NULL);
    if (ReserveMdl != mdl)
        IoFreeMdl(mdl); // ok: mdl-leak
}
