#include <ntddk.h>

typedef struct _DMA_BUFFER {
    PVOID Base;
    ULONG Length;
    PMDL Mdl;
    ULONG Kind;
} DMA_BUFFER, *PDMA_BUFFER;

#define KIND_POOL 1
#define KIND_USER 2

static NTSTATUS helper_build(PDMA_BUFFER Buffer)
{
    Buffer->Mdl = IoAllocateMdl(Buffer->Base, Buffer->Length, FALSE, FALSE, NULL);
    if (Buffer->Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(Buffer->Mdl);
    return STATUS_SUCCESS;
}

/* helper_build has described resident pages. */
NTSTATUS bad_lock_what_helper_built(PDMA_BUFFER Buffer)
{
    NTSTATUS status = helper_build(Buffer);

    if (!NT_SUCCESS(status))
        return status;
    __try {
        MmProbeAndLockPages(Buffer->Mdl, KernelMode, IoWriteAccess); // expect: mdl-lock-nonpaged
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS good_use_what_helper_built(PDMA_BUFFER Buffer)
{
    NTSTATUS status = helper_build(Buffer);

    if (!NT_SUCCESS(status))
        return status;
    if (MmGetSystemAddressForMdlSafe(Buffer->Mdl, NormalPagePriority) == NULL) {
        IoFreeMdl(Buffer->Mdl);
        Buffer->Mdl = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS; // ok: mdl-leak
}

/* Missing break: pool buffers take the user path as well. */
NTSTATUS bad_switch_fallthrough(PDMA_BUFFER Buffer)
{
    NTSTATUS status = STATUS_SUCCESS;

    Buffer->Mdl = IoAllocateMdl(Buffer->Base, Buffer->Length, FALSE, FALSE, NULL);
    if (Buffer->Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    switch (Buffer->Kind) {
    case KIND_POOL:
        MmBuildMdlForNonPagedPool(Buffer->Mdl);
    case KIND_USER:
        __try {
            MmProbeAndLockPages(Buffer->Mdl, UserMode, IoWriteAccess); // expect: mdl-lock-nonpaged
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
        break;
    }
    return status;
}

NTSTATUS good_switch_with_break(PDMA_BUFFER Buffer)
{
    NTSTATUS status = STATUS_SUCCESS;

    Buffer->Mdl = IoAllocateMdl(Buffer->Base, Buffer->Length, FALSE, FALSE, NULL);
    if (Buffer->Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    switch (Buffer->Kind) {
    case KIND_POOL:
        MmBuildMdlForNonPagedPool(Buffer->Mdl);
        break;
    case KIND_USER:
        __try {
            MmProbeAndLockPages(Buffer->Mdl, UserMode, IoWriteAccess); // ok: mdl-lock-nonpaged
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
        break;
    }
    return status;
}

/* One partial MDL walks over a locked source. */
NTSTATUS good_partial_windows(PMDL Source, PMDL Window, ULONG Total)
{
    PUCHAR start = (PUCHAR)MmGetMdlVirtualAddress(Source);
    ULONG done;

    for (done = 0; done + PAGE_SIZE <= Total; done += PAGE_SIZE) {
        IoBuildPartialMdl(Source, Window, start + done, PAGE_SIZE);
        if (MmGetSystemAddressForMdlSafe(Window, NormalPagePriority) == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        MmPrepareMdlForReuse(Window); // ok: mdl-lock-nonpaged
    }
    return STATUS_SUCCESS;
}
