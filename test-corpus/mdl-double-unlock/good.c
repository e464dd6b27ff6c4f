#include <ntddk.h>

#define REQ_MDL_LOCKED 0x01
#define REQ_MAPPED     0x02

typedef struct _REQUEST {
    PMDL Mdl;
    ULONG Flags;
    ULONG State;
} REQUEST, *PREQUEST;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

NTSTATUS good_unlock_once_in_cleanup(PVOID UserBuffer, ULONG Length)
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
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Cleanup;
    }
    status = DevTransfer(va, Length);

Cleanup:
    MmUnlockPages(mdl); // ok: mdl-double-unlock
FreeMdl:
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_flag_cleared(PVOID UserBuffer, ULONG Length)
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
        if (va == NULL) {
            MmUnlockPages(mdl);
            locked = FALSE;
            status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            status = DevTransfer(va, Length);
        }
    }

    if (locked)
        MmUnlockPages(mdl); // ok: mdl-double-unlock
    IoFreeMdl(mdl);
    return status;
}

VOID good_switch_with_breaks(PREQUEST Request)
{
    PMDL mdl = Request->Mdl;

    switch (Request->State) {
    case 2:
        MmUnlockPages(mdl);
        break;
    case 1:
        MmUnlockPages(mdl); // ok: mdl-double-unlock
        break;
    default:
        break;
    }
    Request->State = 0;
}

/* The flag of the MDL itself is the truth. */
VOID good_mdlflags_tested(PREQUEST Request)
{
    PMDL mdl = Request->Mdl;

    if (mdl == NULL)
        return;
    if (Request->State == 2) {
        MmUnlockPages(mdl);
    }
    if (mdl->MdlFlags & MDL_PAGES_LOCKED) {
        MmUnlockPages(mdl); // ok: mdl-double-unlock
    }
}

VOID good_flags_word(PREQUEST Request)
{
    if (Request->Flags & REQ_MDL_LOCKED) {
        MmUnlockPages(Request->Mdl);
        Request->Flags &= ~(REQ_MDL_LOCKED | REQ_MAPPED);
    }
    if (Request->Flags & REQ_MDL_LOCKED) {
        MmUnlockPages(Request->Mdl); // ok: mdl-double-unlock
        Request->Flags &= ~REQ_MDL_LOCKED;
    }
}

VOID good_chain_unlocked(PREQUEST Request)
{
    PMDL mdl = Request->Mdl;

    while (mdl != NULL) {
        PMDL next = mdl->Next;
        MmUnlockPages(mdl); // ok: mdl-double-unlock
        IoFreeMdl(mdl);
        mdl = next;
    }
    Request->Mdl = NULL;
}

VOID good_two_mdls_compared(PMDL Source, PMDL Target)
{
    MmUnlockPages(Source);
    if (Target != Source) {
        MmUnlockPages(Target); // ok: mdl-double-unlock
    }
}

VOID bad_two_mdls_compared_wrongly(PMDL Source, PMDL Target)
{
    MmUnlockPages(Source);
    if (Target == Source) {
        MmUnlockPages(Target); // expect: mdl-double-unlock
    }
}
