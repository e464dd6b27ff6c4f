#include <ntddk.h>

#define MAX_TRANSFER 0x10000

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevReserveSlot(PULONG Slot);

/* The handler turns the exception into a status and forgets the MDL. */
NTSTATUS bad_handler_returns(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // expect: mdl-leak
    }

    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* Unlocked, never freed. */
NTSTATUS bad_unlocked_only(PVOID UserBuffer, ULONG Length)
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
        return status;
    }
    MmUnlockPages(mdl);
    return status; // expect: mdl-leak
}

/* The parameters are checked after the allocation. */
NTSTATUS bad_late_parameter_check(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Length > MAX_TRANSFER)
        return STATUS_INVALID_BUFFER_SIZE; // expect: mdl-leak

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length);
    IoFreeMdl(mdl);
    return status;
}

/* The second allocation fails and takes the first MDL with it. */
NTSTATUS bad_second_allocation_fails(PVOID Input, PVOID Output, ULONG Length)
{
    PMDL in, out;

    in = IoAllocateMdl(Input, Length, FALSE, FALSE, NULL);
    if (in == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    out = IoAllocateMdl(Output, Length, FALSE, FALSE, NULL);
    if (out == NULL)
        return STATUS_INSUFFICIENT_RESOURCES; // expect: mdl-leak

    IoFreeMdl(out);
    IoFreeMdl(in);
    return STATUS_SUCCESS;
}

/* A larger MDL replaces the first one. */
NTSTATUS bad_overwritten(PVOID Buffer, ULONG Length, ULONG Extra)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (Extra != 0) {
        mdl = IoAllocateMdl(Buffer, Length + Extra, FALSE, FALSE, NULL); // expect: mdl-leak
        if (mdl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length + Extra);
    IoFreeMdl(mdl);
    return status;
}

/* The pointer is cleared first, so the cleanup finds nothing to free. */
NTSTATUS bad_cleared_before_free(PVOID Buffer, ULONG Length)
{
    ULONG slot;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (mdl == NULL)
        goto Exit;
    MmBuildMdlForNonPagedPool(mdl);

    status = DevReserveSlot(&slot);
    if (!NT_SUCCESS(status))
        mdl = NULL; // expect: mdl-leak

Exit:
    if (mdl != NULL)
        IoFreeMdl(mdl);
    return status;
}

/* Two early exits, two leaks. */
NTSTATUS bad_two_exits(PVOID Buffer, ULONG Length)
{
    ULONG slot = 0;
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = DevReserveSlot(&slot);
    if (!NT_SUCCESS(status))
        return status; // expect: mdl-leak

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(Buffer, Length);
    if (!NT_SUCCESS(status))
        return status; // expect: mdl-leak

    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
