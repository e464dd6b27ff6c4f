#include <ntddk.h>

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevCheckRequest(ULONG Code, ULONG Length);

/* The mapping fails: the function leaves with the pages still locked. */
NTSTATUS bad_return_between_lock_and_unlock(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl;
    PVOID va;
    NTSTATUS status;

    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES; // expect: mdl-lock-leak
    }

    status = DevTransfer(va, Length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* One label too far: the error of the transfer skips the unlock. */
NTSTATUS bad_goto_past_unlock(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = NULL;
    PVOID va;
    NTSTATUS status;

    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }

    status = STATUS_SUCCESS;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        goto FreeMdl;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority);
    if (va == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    status = DevTransfer(va, Length);

    MmUnlockPages(mdl);
FreeMdl:
    IoFreeMdl(mdl);
Exit:
    return status; // expect: mdl-lock-leak
}

/* The request is checked inside the guarded body, after the lock. */
NTSTATUS bad_return_inside_try(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (!mdl)
        return STATUS_NO_MEMORY;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        if (!NT_SUCCESS(DevCheckRequest(Code, Length))) {
            return STATUS_INVALID_PARAMETER; // expect: mdl-lock-leak
        }
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    IoFreeMdl(mdl);
    return status;
}

/* The failing mapping clears the flag, so the cleanup takes the pages for unlocked. */
NTSTATUS bad_flag_cleared_too_early(PVOID UserBuffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (locked) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va == NULL) {
            locked = FALSE;
            status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            RtlZeroMemory(va, Length);
        }
    }

    if (locked) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    } else if (!(mdl->MdlFlags & MDL_PAGES_LOCKED)) {
        IoFreeMdl(mdl);
    }
    return status; // expect: mdl-lock-leak
}

/* Only the failing side is cleaned up. */
NTSTATUS bad_status_test_wrong_way_round(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl;

    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
    }
    return status; // expect: mdl-lock-leak
}

/* A later request reuses the variable while the first MDL is still locked. */
NTSTATUS bad_overwritten_while_locked(PVOID Header, PVOID Body, ULONG Length)
{
    PMDL mdl;
    NTSTATUS status = STATUS_SUCCESS;

    mdl = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }

    mdl = IoAllocateMdl(Body, Length, FALSE, FALSE, NULL); // expect: mdl-lock-leak
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(mdl);
    return status;
}

/* __finally runs for the raise only; the normal way out keeps the lock. */
NTSTATUS bad_unlock_only_on_abnormal_termination(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return STATUS_INVALID_USER_BUFFER;
    }

    __try {
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        status = DevTransfer(va, Length);
    } __finally {
        if (AbnormalTermination()) {
            MmUnlockPages(mdl);
            IoFreeMdl(mdl);
        }
    }
    return status; // expect: mdl-lock-leak
}
