#include <ntddk.h>

typedef struct _REQUEST_STATE {
    ULONG Started : 1;
    ULONG Locked : 1;
    LONG Retry : 2;
    LONG Mode : 2;
} REQUEST_STATE;

static NTSTATUS helper_probe(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Setting one bit leaves the zero in its neighbour. */
NTSTATUS good_neighbour_stays_clear(PVOID Buffer, ULONG Length)
{
    REQUEST_STATE state;
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    RtlZeroMemory(&state, sizeof(state));
    state.Started = 1;
    status = helper_probe(mdl);
    if (NT_SUCCESS(status))
        state.Locked = 1;

    if (state.Locked)
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return status;
}

/* The bit of the wrong neighbour decides: it is never set. */
NTSTATUS bad_wrong_bit_asked(PVOID Buffer, ULONG Length)
{
    REQUEST_STATE state;
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    RtlZeroMemory(&state, sizeof(state));
    status = helper_probe(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    state.Locked = 1;
    if (state.Started)
        MmUnlockPages(mdl);
    return status; // expect: mdl-lock-leak
}

/* Two signed fields of one word are two values. */
NTSTATUS bad_two_signed_fields(REQUEST_STATE *State, PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    status = STATUS_CANCELLED;
    if (State->Retry != 0) {
        status = helper_probe(mdl);
        if (NT_SUCCESS(status)) {
            if (State->Mode == 0)
                return status; // expect: mdl-lock-leak
            MmUnlockPages(mdl);
        }
    }
    IoFreeMdl(mdl);
    return status;
}
