#include <ntddk.h>

#define CTX_LOCKED 0x1
#define CTX_MAPPED 0x2

typedef struct _CTX {
    PMDL Mdl;
    PVOID Va;
    ULONG Flags;
} CTX, *PCTX;

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

NTSTATUS good_unlock_then_free(PVOID UserBuffer, ULONG Length)
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
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return status;
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

/* The step that raised is known by the flag. */
NTSTATUS good_second_raise_with_flag(PVOID In, PVOID Out, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(In, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        locked = TRUE;
        ProbeForWrite(Out, Length, sizeof(ULONG));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (locked)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

VOID good_right_flag_tested(PCTX Context)
{
    Context->Flags = 0;
    __try {
        MmProbeAndLockPages(Context->Mdl, UserMode, IoReadAccess);
        Context->Flags |= CTX_LOCKED;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Context->Va = NULL;
    }
    if (Context->Flags & CTX_LOCKED) {
        Context->Va = MmGetSystemAddressForMdlSafe(Context->Mdl, NormalPagePriority);
        if (Context->Va != NULL)
            Context->Flags |= CTX_MAPPED;
    }

    if (Context->Flags & CTX_LOCKED)
        MmUnlockPages(Context->Mdl);
    IoFreeMdl(Context->Mdl); // ok: mdl-free-locked
    Context->Mdl = NULL;
    Context->Flags = 0;
}

NTSTATUS good_unmap_and_unlock(PVOID UserBuffer, ULONG Length)
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
    MmUnlockPages(mdl);
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return STATUS_SUCCESS;
}

/* MDLs of resident pages are freed as they are. */
NTSTATUS good_nonpaged_is_not_locked(PVOID PoolBuffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(PoolBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(PoolBuffer, Length);
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

NTSTATUS good_finally_unlocks_if_locked(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        __try {
            PVOID va;

            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
            va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
            if (va == NULL)
                __leave;
            status = DevTransfer(va, Length);
        } __finally {
            if (mdl->MdlFlags & MDL_PAGES_LOCKED)
                MmUnlockPages(mdl);
            IoFreeMdl(mdl); // ok: mdl-free-locked
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* A type of pool that is not known is not one that raises. */
NTSTATUS good_allocation_of_any_type(PVOID Buffer, ULONG Length, POOL_TYPE Type, PVOID *Copy)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        *Copy = ExAllocatePoolWithTag(Type, Length, 'ypoC');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
