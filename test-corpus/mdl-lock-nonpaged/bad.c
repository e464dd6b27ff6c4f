#include <ntddk.h>

#define TAG_BUFFER 'fuBD'

NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

/* Pool pages are resident; there is nothing to lock. */
NTSTATUS bad_lock_after_build(PVOID PoolBuffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(PoolBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess); // expect: mdl-lock-nonpaged
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_unlock_after_build(PVOID PoolBuffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(PoolBuffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    MmBuildMdlForNonPagedPool(mdl);
    status = DevTransfer(PoolBuffer, Length);
    MmUnlockPages(mdl); // expect: mdl-lock-nonpaged
    IoFreeMdl(mdl);
    return status;
}

/* One cleanup for two kinds of MDL. */
NTSTATUS bad_shared_cleanup(PVOID Buffer, ULONG Length, BOOLEAN FromUser)
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

    MmUnlockPages(mdl); // expect: mdl-lock-nonpaged
Free:
    IoFreeMdl(mdl);
    return status;
}

/* A partial MDL borrows the lock of its source. */
NTSTATUS bad_unlock_partial(PIRP Irp, ULONG Length)
{
    PVOID start = MmGetMdlVirtualAddress(Irp->MdlAddress);
    PMDL partial = IoAllocateMdl(start, Length, FALSE, FALSE, NULL);

    if (partial == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    IoBuildPartialMdl(Irp->MdlAddress, partial, start, Length);
    if (MmGetSystemAddressForMdlSafe(partial, NormalPagePriority) != NULL)
        Irp->IoStatus.Information = Length;
    MmUnlockPages(partial); // expect: mdl-lock-nonpaged
    IoFreeMdl(partial);
    return STATUS_SUCCESS;
}

NTSTATUS bad_lock_partial(PMDL Source, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID start = MmGetMdlVirtualAddress(Source);
    PMDL partial = IoAllocateMdl(start, Length, FALSE, FALSE, NULL);

    if (partial == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    IoBuildPartialMdl(Source, partial, start, Length);
    __try {
        MmProbeAndLockPages(partial, UserMode, IoReadAccess); // expect: mdl-lock-nonpaged
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(partial);
    return status;
}

/* The finally part was copied from the user-buffer path. */
NTSTATUS bad_finally_unlocks_pool(ULONG Length)
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
        if (mdl != NULL) {
            MmUnlockPages(mdl); // expect: mdl-lock-nonpaged
            IoFreeMdl(mdl);
        }
        ExFreePoolWithTag(buffer, TAG_BUFFER);
    }
    return status;
}
