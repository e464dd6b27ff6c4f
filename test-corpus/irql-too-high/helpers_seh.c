#include <ntddk.h>

typedef struct _STATE {
    KSPIN_LOCK Lock;
    KEVENT Done;
    LONG Users;
    PDEVICE_OBJECT Target;
    PFILE_OBJECT File;
} STATE, *PSTATE;

static KIRQL helper_enter(PSTATE State)
{
    KIRQL irql;

    KeAcquireSpinLock(&State->Lock, &irql);
    State->Users++;
    return irql;
}

static VOID helper_leave(PSTATE State, KIRQL Irql)
{
    State->Users--;
    KeReleaseSpinLock(&State->Lock, Irql);
}

/* helper_enter returns with the lock held. */
NTSTATUS bad_wait_between_helpers(PSTATE State)
{
    NTSTATUS status;
    KIRQL irql = helper_enter(State);

    status = KeWaitForSingleObject(&State->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
    helper_leave(State, irql);
    return status;
}

NTSTATUS good_wait_after_helpers(PSTATE State)
{
    KIRQL irql = helper_enter(State);

    helper_leave(State, irql);
    return KeWaitForSingleObject(&State->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* Opening the target needs PASSIVE_LEVEL. */
NTSTATUS bad_open_target_locked(PSTATE State, PUNICODE_STRING Name)
{
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql = helper_enter(State);

    if (State->Target == NULL)
        status = IoGetDeviceObjectPointer(Name, FILE_READ_DATA, &State->File, &State->Target); // expect: irql-too-high
    helper_leave(State, irql);
    return status;
}

NTSTATUS good_open_target_unlocked(PSTATE State, PUNICODE_STRING Name)
{
    NTSTATUS status = STATUS_SUCCESS;
    PFILE_OBJECT file = NULL;
    PDEVICE_OBJECT target = NULL;
    KIRQL irql;

    status = IoGetDeviceObjectPointer(Name, FILE_READ_DATA, &file, &target); // ok: irql-too-high
    if (!NT_SUCCESS(status))
        return status;
    irql = helper_enter(State);
    State->File = file;
    State->Target = target;
    helper_leave(State, irql);
    return STATUS_SUCCESS;
}

/* The finally part releases the lock on every way out. */
NTSTATUS good_released_in_finally(PSTATE State, ULONG Limit)
{
    KIRQL irql;

    KeAcquireSpinLock(&State->Lock, &irql);
    __try {
        if (State->Users > (LONG)Limit)
            return STATUS_TOO_MANY_SESSIONS;
        State->Users++;
    } __finally {
        KeReleaseSpinLock(&State->Lock, irql);
    }
    return KeWaitForSingleObject(&State->Done, Executive, KernelMode, FALSE, NULL); // ok: irql-too-high
}

/* The lock taken in the first turn is still held in the second. */
VOID bad_loop_keeps_lock(PSTATE State, ULONG Turns)
{
    KIRQL irql = PASSIVE_LEVEL;
    BOOLEAN held = FALSE;
    ULONG i;

    for (i = 0; i < Turns; i++) {
        KeWaitForSingleObject(&State->Done, Executive, KernelMode, FALSE, NULL); // expect: irql-too-high
        if (!held) {
            KeAcquireSpinLock(&State->Lock, &irql);
            held = TRUE;
        }
        State->Users++;
    }
    if (held)
        KeReleaseSpinLock(&State->Lock, irql);
}
