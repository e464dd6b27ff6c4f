#include <ntddk.h>

typedef struct _REQUEST_CONTEXT {
    PMDL Mdl;
    PVOID SystemAddress;
    ULONG Flags;
} REQUEST_CONTEXT, *PREQUEST_CONTEXT;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);
NTSTATUS DevCheckRequest(ULONG Code, ULONG Length);

NTSTATUS good_unlock_before_every_return(PVOID UserBuffer, ULONG Length)
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
        return status; // ok: mdl-lock-leak
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va == NULL) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    status = DevTransfer(va, Length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_two_labels(PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = NULL;
    PVOID va;
    NTSTATUS status = STATUS_SUCCESS;

    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto FreeMdl;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority);
    if (va == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Unlock;
    }
    status = DevTransfer(va, Length);

Unlock:
    MmUnlockPages(mdl);
FreeMdl:
    IoFreeMdl(mdl);
Exit:
    return status; // ok: mdl-lock-leak, mdl-leak
}

NTSTATUS good_flag_decides(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    __try {
        status = DevCheckRequest(Code, Length);
        if (!NT_SUCCESS(status))
            __leave;
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }

    if (NT_SUCCESS(status)) {
        PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        status = va ? DevTransfer(va, Length) : STATUS_INSUFFICIENT_RESOURCES;
    }

    if (locked)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status; // ok: mdl-lock-leak
}

NTSTATUS good_status_decides(PVOID UserBuffer, ULONG Length)
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

    if (NT_SUCCESS(status)) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
    return status; // ok: mdl-lock-leak
}

/* The pages stay locked until the matching IOCTL releases the context. */
NTSTATUS good_kept_in_context(PREQUEST_CONTEXT Context, PVOID UserBuffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return STATUS_INVALID_USER_BUFFER;
    }

    Context->Mdl = mdl;
    Context->SystemAddress = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (Context->SystemAddress == NULL) {
        Context->Mdl = NULL;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS; // ok: mdl-lock-leak
}

/* Attached to the IRP: completion unlocks and frees it. */
NTSTATUS good_attached_to_irp(PIRP Irp, ULONG Length)
{
    PMDL mdl;

    mdl = IoAllocateMdl(Irp->UserBuffer, Length, FALSE, FALSE, Irp);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, Irp->RequestorMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        Irp->MdlAddress = NULL;
        return GetExceptionCode();
    }
    return STATUS_SUCCESS; // ok: mdl-lock-leak
}

NTSTATUS good_out_parameter(PVOID UserBuffer, ULONG Length, PMDL *LockedMdl)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl;

    *LockedMdl = NULL;
    mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        *LockedMdl = mdl;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
    }
    return status; // ok: mdl-lock-leak
}

/* Everything after the lock is undone by one finally part. */
NTSTATUS good_finally_unlocks(PVOID UserBuffer, ULONG Length, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
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
        PVOID va;

        status = DevCheckRequest(Code, Length);
        if (!NT_SUCCESS(status))
            return status; // ok: mdl-lock-leak
        va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (va == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        status = DevTransfer(va, Length);
    } __finally {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}
