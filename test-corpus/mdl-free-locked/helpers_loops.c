#include <ntddk.h>

typedef struct _PAIR {
    PMDL In;
    PMDL Out;
} PAIR, *PPAIR;

static NTSTATUS helper_lock(PMDL Mdl, LOCK_OPERATION Operation)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* When the second lock fails, the first MDL is still locked. */
NTSTATUS bad_pair(PPAIR Pair)
{
    NTSTATUS status;

    status = helper_lock(Pair->In, IoReadAccess);
    if (NT_SUCCESS(status)) {
        status = helper_lock(Pair->Out, IoWriteAccess);
        if (NT_SUCCESS(status)) {
            MmUnlockPages(Pair->Out);
            MmUnlockPages(Pair->In);
        }
    }
    IoFreeMdl(Pair->Out);
    IoFreeMdl(Pair->In); // expect: mdl-free-locked
    Pair->In = Pair->Out = NULL;
    return status;
}

NTSTATUS good_pair(PPAIR Pair)
{
    NTSTATUS status;

    status = helper_lock(Pair->In, IoReadAccess);
    if (NT_SUCCESS(status)) {
        status = helper_lock(Pair->Out, IoWriteAccess);
        if (NT_SUCCESS(status))
            MmUnlockPages(Pair->Out);
        MmUnlockPages(Pair->In);
    }
    IoFreeMdl(Pair->Out);
    IoFreeMdl(Pair->In); // ok: mdl-free-locked
    Pair->In = Pair->Out = NULL;
    return status;
}

/* break leaves the loop between the lock and the unlock. */
NTSTATUS bad_break_between(PVOID Base, ULONG Turns, PKEVENT Stop)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    while (Turns-- > 0) {
        status = helper_lock(mdl, IoReadAccess);
        if (!NT_SUCCESS(status))
            break;
        if (KeReadStateEvent(Stop) != 0)
            break;
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

NTSTATUS good_no_break_between(PVOID Base, ULONG Turns, PKEVENT Stop)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Base, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    while (Turns-- > 0) {
        BOOLEAN stop;

        status = helper_lock(mdl, IoReadAccess);
        if (!NT_SUCCESS(status))
            break;
        stop = KeReadStateEvent(Stop) != 0;
        MmUnlockPages(mdl);
        if (stop)
            break;
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

/* A chain of mixed members: only the locked ones are unlocked. */
VOID good_mixed_chain(PMDL Head)
{
    PMDL next;

    for (; Head != NULL; Head = next) {
        next = Head->Next;
        if ((Head->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(Head);
        IoFreeMdl(Head); // ok: mdl-free-locked
    }
}

/* The flag is read the wrong way round. */
NTSTATUS bad_flag_inverted(PVOID Base, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock(mdl, IoReadAccess);
    if (mdl->MdlFlags & MDL_PAGES_LOCKED) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
        return status;
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}
