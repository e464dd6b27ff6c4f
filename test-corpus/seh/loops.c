// Guarded bodies in loops: see loops.md.
#include <ntddk.h>

NTSTATUS good_loop_retry(PVOID Buffer, ULONG Length)
{
    ULONG attempt;
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (attempt = 0; attempt < 3; attempt++) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
            locked = TRUE;
            break;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }
    if (!locked) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return status;
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_loop_retry_without_break(PVOID Buffer, ULONG Length)
{
    ULONG attempt;
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (attempt = 0; attempt < 3; attempt++) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }
    if (!locked) {
        IoFreeMdl(mdl);
        return status;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The handler decides whether to try again.
NTSTATUS good_loop_handler_continues(PVOID Buffer, ULONG Length, ULONG Retries)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (;;) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            if (Retries-- > 0) {
                continue;
            }
            IoFreeMdl(mdl);
            return status;
        }
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        break;
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// break in the handler: the loop may end with nothing locked.
NTSTATUS bad_loop_handler_breaks(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    do {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            break;
        }
        if (Mode == 0) {
            MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
            IoFreeMdl(mdl);
            return STATUS_PENDING;
        }
    } while (FALSE);
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// break and continue run the finally part of the body they leave.
NTSTATUS good_loop_break_through_finally(PVOID Buffer, ULONG Length, ULONG Rounds)
{
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (i = 0; i < Rounds; i++) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
        __try {
            if (i == 7) {
                break;
            }
            if (i == 5) {
                continue;
            }
            Rounds--;
        } __finally {
            MmUnlockPages(mdl); // ok: mdl-double-unlock
        }
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return STATUS_SUCCESS;
}

NTSTATUS bad_loop_break_through_finally(PVOID Buffer, ULONG Length, ULONG Rounds)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    do {
        __try {
            if (Rounds == 0) {
                break;
            }
            return STATUS_PENDING; // expect: mdl-leak
        } __finally {
            MmUnlockPages(mdl);
        }
    } while (Rounds != 0);
    MmUnlockPages(mdl); // expect: mdl-double-unlock
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_loop_continue_skips_unlock(PVOID Buffer, ULONG Length, ULONG Rounds)
{
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (i = 0; i < Rounds; i++) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-double-lock
            if (i == 5) {
                continue;
            }
            MmUnlockPages(mdl);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return STATUS_SUCCESS;
}

// continue in the finally part swallows the exception and tries again.
NTSTATUS good_loop_continue_out_of_finally(PVOID Buffer, ULONG Length, ULONG Retries)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (;;) {
        __try {
            __try {
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // ok: mdl-double-lock
            } __finally {
                if (AbnormalTermination() && Retries > 0) {
                    Retries--;
                    continue;
                }
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl); // ok: mdl-free-locked
            return GetExceptionCode();
        }
        break;
    }
    MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// A new MDL in the handler, the old one forgotten.
NTSTATUS bad_loop_handler_overwrites(PVOID Buffer, PVOID Other, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        mdl = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL); // expect: mdl-leak
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS;
}

// switch: break belongs to it, through the finally part.
NTSTATUS good_loop_switch_break(PVOID Buffer, ULONG Length, ULONG Mode)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    switch (Mode) {
    case 0:
        __try {
            if (Length == 0) {
                break;
            }
            Mode = 4;
        } __finally {
            MmUnlockPages(mdl); // ok: mdl-double-unlock
        }
        break;
    default:
        MmUnlockPages(mdl); // ok: mdl-double-unlock
        break;
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return Mode == 4 ? STATUS_PENDING : STATUS_SUCCESS;
}
