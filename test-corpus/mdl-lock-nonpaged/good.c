#include <ntddk.h>

#define TAG_BUFFER 'fuBD'

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

NTSTATUS good_build_use_free(PVOID PoolBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID va;
    PMDL mdl = IoAllocateMdl(PoolBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority); // ok: mdl-map-unlocked
    if (va != NULL)
        status = DevTransfer(va, Length);
    IoFreeMdl(mdl); // ok: mdl-lock-nonpaged
    return status;
}

/* Paged memory is locked, not built. */
NTSTATUS good_paged_buffer_locked(PVOID PagedBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(PagedBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess); // ok: mdl-lock-nonpaged
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* The origin of the buffer decides at both ends. */
NTSTATUS good_two_kinds(PVOID Buffer, ULONG Length, BOOLEAN FromUser)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (FromUser) {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            goto Free;
        }
    } else {
        MmBuildMdlForNonPagedPool(mdl);
    }

    if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;

    if (FromUser)
        MmUnlockPages(mdl); // ok: mdl-lock-nonpaged
Free:
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_mdlflags_decide(PVOID Buffer, ULONG Length, BOOLEAN FromUser)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (!FromUser) {
        MmBuildMdlForNonPagedPool(mdl);
    } else {
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
    }

    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(mdl); // ok: mdl-lock-nonpaged
    IoFreeMdl(mdl);
    return status;
}

/* Only the source is unlocked; the partial MDL is just freed. */
NTSTATUS good_partial_of_locked(PVOID UserBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL source, partial;

    source = IoAllocateMdl(UserBuffer, Length, FALSE, FALSE, NULL);
    if (source == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(source, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(source);
        return GetExceptionCode();
    }

    partial = IoAllocateMdl(UserBuffer, PAGE_SIZE, FALSE, FALSE, NULL);
    if (partial != NULL) {
        PVOID va;

        IoBuildPartialMdl(source, partial, MmGetMdlVirtualAddress(source), PAGE_SIZE);
        va = MmGetSystemAddressForMdlSafe(partial, NormalPagePriority); // ok: mdl-map-unlocked
        status = va ? DevTransfer(va, PAGE_SIZE) : STATUS_INSUFFICIENT_RESOURCES;
        IoFreeMdl(partial);
    } else {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }

    MmUnlockPages(source); // ok: mdl-lock-nonpaged
    IoFreeMdl(source);
    return status;
}

NTSTATUS good_finally_frees_pool(ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID buffer;
    PMDL mdl = NULL;

    buffer = ExAllocatePoolWithTag(NonPagedPool, Length, TAG_BUFFER);
    if (buffer == NULL)
        return status;

    __try {
        mdl = IoAllocateMdl(buffer, Length, FALSE, FALSE, NULL);
        if (mdl == NULL)
            __leave;
        MmBuildMdlForNonPagedPool(mdl);
        status = DevTransfer(buffer, Length);
    } __finally {
        if (mdl != NULL)
            IoFreeMdl(mdl);
        ExFreePoolWithTag(buffer, TAG_BUFFER);
    }
    return status;
}
