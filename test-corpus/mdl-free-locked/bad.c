#include <ntddk.h>

#define CTX_LOCKED 0x1
#define CTX_MAPPED 0x2

typedef struct _CTX {
    PMDL Mdl;
    PVOID Va;
    ULONG Flags;
} CTX, *PCTX;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* The unlock is missing on the error path only. */
NTSTATUS bad_error_path_frees_only(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        return status;
    }

    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va == NULL) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    status = DevTransfer(va, Length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Right calls, wrong order. */
VOID bad_free_then_unlock(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return;
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return;
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    MmUnlockPages(mdl);
}

/* A later call in the guarded body raises with the pages locked. */
NTSTATUS bad_handler_after_second_raise(PVOID In, PVOID Out, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(In, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        ProbeForWrite(Out, Length, sizeof(ULONG));
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

/* goto to the label below the unlock. */
NTSTATUS bad_goto_wrong_label(PVOID UserBuffer, ULONG Length, BOOLEAN Cancelled)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        goto FreeMdl;
    }

    if (Cancelled) {
        status = STATUS_CANCELLED;
        goto FreeMdl;
    }

    MmUnlockPages(mdl);
FreeMdl:
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

/* CTX_MAPPED is set only when the mapping worked; the lock is older. */
VOID bad_wrong_flag_tested(PCTX Context)
{
    __try {
        MmProbeAndLockPages(Context->Mdl, UserMode, IoReadAccess);
        Context->Flags = CTX_LOCKED;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    Context->Va = MmGetSystemAddressForMdlSafe(Context->Mdl, NormalPagePriority);
    if (Context->Va != NULL)
        Context->Flags |= CTX_MAPPED;

    if (Context->Flags & CTX_MAPPED)
        MmUnlockPages(Context->Mdl);
    IoFreeMdl(Context->Mdl); // expect: mdl-free-locked
    Context->Mdl = NULL;
}

/* The mapping is taken down, the lock is not. */
NTSTATUS bad_unmap_is_no_unlock(PVOID UserBuffer, ULONG Length)
{
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return STATUS_INVALID_USER_BUFFER;
    }

    va = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    if (va != NULL)
        MmUnmapLockedPages(va, mdl);
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return STATUS_SUCCESS;
}

/* __finally frees whatever happened before. */
NTSTATUS bad_finally_frees_locked(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID va;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
            if (va == NULL)
                __leave;
            status = DevTransfer(va, Length);
            MmUnlockPages(mdl);
        } __finally {
            IoFreeMdl(mdl); // expect: mdl-free-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* Both calls in the guarded body raise; the handler is right for the first only. */
NTSTATUS bad_allocation_raises(PVOID Buffer, ULONG Length, PVOID *Copy)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        *Copy = ExAllocatePoolWithTag(NonPagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, Length, 'ypoC');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
