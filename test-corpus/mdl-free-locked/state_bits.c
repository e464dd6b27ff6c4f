#include <ntifs.h>

#define FROM_LOCKED 0x1
#define TO_LOCKED 0x2

NTSTATUS MoveBytes(PMDL From, PMDL To);

/* One word says which of the two is locked; the paths meet before it is asked. */
NTSTATUS good_state_bits(PVOID Source, PVOID Target, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG state = 0;
    PMDL from = IoAllocateMdl(Source, Length, FALSE, FALSE, NULL);
    PMDL to = IoAllocateMdl(Target, Length, FALSE, FALSE, NULL);

    if (from == NULL || to == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto undo;
    }
    __try {
        MmProbeAndLockPages(from, UserMode, IoReadAccess);
        state |= FROM_LOCKED;
        __try {
            MmProbeAndLockPages(to, UserMode, IoWriteAccess);
            state |= TO_LOCKED;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (NT_SUCCESS(status)) {
        status = MoveBytes(from, to);
        MmUnlockPages(to);
        state &= ~TO_LOCKED;
    }
undo:
    if (state & TO_LOCKED)
        MmUnlockPages(to);
    if (state & FROM_LOCKED)
        MmUnlockPages(from);
    if (to != NULL)
        IoFreeMdl(to);
    if (from != NULL)
        IoFreeMdl(from); // ok: mdl-free-locked
    return status;
}

/* The wrong bit is asked for. */
NTSTATUS bad_state_bits_mixed_up(PVOID Source, PVOID Target, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG state = 0;
    PMDL from = IoAllocateMdl(Source, Length, FALSE, FALSE, NULL);
    PMDL to = IoAllocateMdl(Target, Length, FALSE, FALSE, NULL);

    if (from == NULL || to == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto undo;
    }
    __try {
        MmProbeAndLockPages(from, UserMode, IoReadAccess);
        state |= FROM_LOCKED;
        MmProbeAndLockPages(to, UserMode, IoWriteAccess);
        state |= TO_LOCKED;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (NT_SUCCESS(status))
        status = MoveBytes(from, to);
undo:
    if (state & TO_LOCKED) {
        MmUnlockPages(to);
        MmUnlockPages(from);
    }
    if (to != NULL)
        IoFreeMdl(to);
    if (from != NULL)
        IoFreeMdl(from); // expect: mdl-free-locked
    return status;
}
