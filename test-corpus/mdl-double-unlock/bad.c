#include <ntddk.h>

#define REQ_MDL_LOCKED 0x01
#define REQ_MAPPED     0x02

typedef struct _REQUEST {
    PMDL Mdl;
    ULONG Flags;
    ULONG State;
} REQUEST, *PREQUEST;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* The error branch unlocks and then falls into the shared cleanup. */
NTSTATUS bad_unlock_again_in_cleanup(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto FreeMdl;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va == NULL) {
        MmUnlockPages(mdl);
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Cleanup;
    }
    status = DevTransfer(va, Length);

Cleanup:
    MmUnlockPages(mdl); // expect: mdl-double-unlock
FreeMdl:
    IoFreeMdl(mdl);
    return status;
}

/* The flag is still set when the common path looks at it. */
NTSTATUS bad_flag_not_cleared(PVOID UserBuffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (locked) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va != NULL)
            status = DevTransfer(va, Length);
        MmUnlockPages(mdl);
    }

    if (locked)
        MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

/* Missing break: the locked state runs into the unlocking of the mapped one. */
VOID bad_switch_fallthrough(PREQUEST Request)
{
    PMDL mdl = Request->Mdl;

    switch (Request->State) {
    case 2:
        MmUnlockPages(mdl);
    case 1:
        MmUnlockPages(mdl); // expect: mdl-double-unlock
        break;
    default:
        break;
    }
    Request->State = 0;
}

/* Two names for one MDL. */
NTSTATUS bad_unlock_through_alias(PREQUEST Request)
{
    PMDL mdl = Request->Mdl;
    PMDL current = mdl;

    if (current == NULL)
        return STATUS_INVALID_PARAMETER;

    MmUnlockPages(current);
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    return STATUS_SUCCESS;
}

/* The finally part unlocks whichever way the body was left. */
NTSTATUS bad_finally_unlocks_again(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }

    __try {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va == NULL) {
            MmUnlockPages(mdl);
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        status = DevTransfer(va, Length);
    } __finally {
        MmUnlockPages(mdl); // expect: mdl-double-unlock
        IoFreeMdl(mdl);
    }
    return status;
}

/* The wrong bit is tested: REQ_MAPPED outlives the unlock. */
VOID bad_wrong_flag_bit(PREQUEST Request)
{
    if (Request->Flags & REQ_MDL_LOCKED) {
        MmUnlockPages(Request->Mdl);
        Request->Flags &= ~REQ_MDL_LOCKED;
        if (Request->Flags & REQ_MAPPED) {
            MmUnlockPages(Request->Mdl); // expect: mdl-double-unlock
            Request->Flags &= ~REQ_MAPPED;
        }
    }
}
