#include <ntddk.h>

#define SLOT_COUNT 4

typedef struct _PORT {
    PMDL Slots[SLOT_COUNT];
    ULONG Used;
} PORT, *PPORT;

static VOID helper_release(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

static NTSTATUS helper_lock_or_free(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(Mdl);
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* helper_lock_or_free has freed the MDL when it fails. */
NTSTATUS bad_used_after_failing_helper(PVOID UserBuffer, ULONG Length, PULONG Failed)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock_or_free(mdl);
    if (!NT_SUCCESS(status)) {
        *Failed = MmGetMdlByteCount(mdl); // expect: mdl-use-after-free
        return status;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_nothing_after_failing_helper(PVOID UserBuffer, ULONG Length, PULONG Failed)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = helper_lock_or_free(mdl);
    if (!NT_SUCCESS(status)) {
        *Failed = Length;
        return status; // ok: mdl-leak
    }
    MmUnlockPages(mdl); // ok: mdl-use-after-free
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* The size is added up after the release. */
ULONG bad_sum_after_release(PMDL Head)
{
    ULONG total = 0;

    while (Head != NULL) {
        PMDL next = Head->Next;
        helper_release(Head);
        total += Head->ByteCount; // expect: mdl-use-after-free
        Head = next;
    }
    return total;
}

ULONG good_sum_before_release(PMDL Head)
{
    ULONG total = 0;

    while (Head != NULL) {
        PMDL next = Head->Next;
        total += Head->ByteCount; // ok: mdl-use-after-free
        helper_release(Head);
        Head = next;
    }
    return total;
}

/* Slots below Used are live, the others are not looked at. */
ULONG good_slots_popped(PPORT Port)
{
    ULONG total = 0;

    while (Port->Used != 0) {
        PMDL mdl = Port->Slots[--Port->Used];
        total += mdl->ByteCount; // ok: mdl-use-after-free
        Port->Slots[Port->Used] = NULL;
        IoFreeMdl(mdl);
    }
    return total;
}
