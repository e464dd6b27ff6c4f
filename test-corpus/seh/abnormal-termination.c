// AbnormalTermination(): see abnormal-termination.md.
#include <ntddk.h>

static NTSTATUS helper_lock(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_INVALID_USER_BUFFER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS good_abnormal_on_unwind(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            if (AbnormalTermination()) {
                IoFreeMdl(mdl); // ok: mdl-free-locked
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // ok: mdl-leak
    }
    MmUnlockPages(mdl); // ok: mdl-use-after-free
    IoFreeMdl(mdl); // ok: mdl-double-free
    return STATUS_SUCCESS;
}

NTSTATUS bad_abnormal_unlocks_unlocked(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            if (AbnormalTermination()) {
                MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
                IoFreeMdl(mdl);
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// return is abnormal: the finally part takes the other branch.
NTSTATUS bad_abnormal_return(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            return STATUS_INVALID_PARAMETER; // expect: mdl-lock-leak
        }
    } __finally {
        if (!AbnormalTermination()) {
            MmUnlockPages(mdl);
            IoFreeMdl(mdl);
        }
    }
    return status;
}

// __leave is not.
NTSTATUS good_normal_leave(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            __leave;
        }
    } __finally {
        if (!AbnormalTermination()) {
            MmUnlockPages(mdl);
            IoFreeMdl(mdl);
        }
    }
    return status; // ok: mdl-lock-leak
}

NTSTATUS bad_normal_leave(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    __try {
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            __leave;
        }
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    } __finally {
        if (AbnormalTermination()) {
            MmUnlockPages(mdl); // ok: mdl-double-unlock
            IoFreeMdl(mdl);
        }
    }
    return status; // expect: mdl-lock-leak
}

NTSTATUS good_abnormal_goto(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        goto done;
    }
    __try {
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            goto done;
        }
    } __finally {
        if (AbnormalTermination()) {
            MmUnlockPages(mdl);
        }
    }
    MmUnlockPages(mdl); // ok: mdl-double-unlock
done:
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_abnormal_goto(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        goto done;
    }
    __try {
        if (Mode == 0) {
            status = STATUS_INVALID_PARAMETER;
            goto done;
        }
    } __finally {
        if (!AbnormalTermination()) {
            MmUnlockPages(mdl);
        }
    }
done:
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

NTSTATUS good_abnormal_break(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    do {
        __try {
            if (Mode == 0) {
                break;
            }
            MmUnlockPages(mdl);
        } __finally {
            if (AbnormalTermination()) {
                MmUnlockPages(mdl); // ok: mdl-double-unlock
            }
        }
    } while (FALSE);
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

// The same loop, the cleanup for normal ends only.
NTSTATUS bad_abnormal_break(PVOID Buffer, ULONG Length, ULONG Mode)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = helper_lock(mdl);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    do {
        __try {
            if (Mode == 0) {
                break;
            }
        } __finally {
            if (!AbnormalTermination()) {
                MmUnlockPages(mdl);
            }
        }
    } while (FALSE);
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

// Its value can be kept for later.
NTSTATUS good_abnormal_kept(PVOID Buffer, ULONG Length)
{
    BOOLEAN failed = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            failed = (BOOLEAN)AbnormalTermination();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    if (!failed) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return failed ? STATUS_INVALID_USER_BUFFER : STATUS_SUCCESS;
}

NTSTATUS bad_abnormal_kept(PVOID Buffer, ULONG Length)
{
    BOOLEAN failed = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __finally {
            failed = (BOOLEAN)AbnormalTermination();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        NOTHING;
    }
    if (failed) {
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return failed ? STATUS_INVALID_USER_BUFFER : STATUS_SUCCESS;
}

// Each finally part has its own answer: the inner one is left normally after its own handler.
NTSTATUS good_abnormal_handled_inside(PVOID Buffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
            locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            NOTHING;
        }
    } __finally {
        if (!AbnormalTermination()) {
            if (locked) {
                MmUnlockPages(mdl);
            }
            IoFreeMdl(mdl);
        }
    }
    return locked ? STATUS_SUCCESS : STATUS_INVALID_USER_BUFFER; // ok: mdl-leak
}
