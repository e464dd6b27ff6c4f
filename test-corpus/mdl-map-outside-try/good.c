#include <ntddk.h>

typedef struct _SHARED {
    PMDL Mdl;
    PVOID UserVa;
    PVOID SystemVa;
} SHARED, *PSHARED;

VOID DevNote(PVOID Va);

NTSTATUS good_handler(PSHARED Shared)
{
    __try {
        Shared->UserVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, UserMode, MmCached, NULL, FALSE, // ok: mdl-map-outside-try
                                                      NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Shared->UserVa = NULL;
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* A mapping for the driver itself returns NULL where it fails. */
NTSTATUS good_kernel_mapping(PSHARED Shared)
{
    Shared->SystemVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, KernelMode, MmCached, NULL, FALSE, // ok: mdl-map-outside-try
                                                    NormalPagePriority);
    return Shared->SystemVa != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS good_handler_around_finally(PSHARED Shared, PFAST_MUTEX Lock)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        ExAcquireFastMutex(Lock);
        __try {
            Shared->UserVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, UserMode, MmCached, NULL, FALSE, // ok: mdl-map-outside-try
                                                          NormalPagePriority);
        } __finally {
            ExReleaseFastMutex(Lock);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static PVOID helper_map_user(PMDL Mdl)
{
    return MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority); // ok: mdl-map-outside-try
}

NTSTATUS good_handler_in_caller(PSHARED Shared)
{
    __try {
        Shared->UserVa = helper_map_user(Shared->Mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static PVOID helper_map_kernel(PMDL Mdl, KPROCESSOR_MODE Mode)
{
    return MmMapLockedPagesSpecifyCache(Mdl, Mode, MmCached, NULL, FALSE, NormalPagePriority); // ok: mdl-map-outside-try
}

NTSTATUS good_mode_from_caller(PSHARED Shared)
{
    Shared->SystemVa = helper_map_kernel(Shared->Mdl, KernelMode);
    return Shared->SystemVa != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Everything that raises stands in one block. */
NTSTATUS good_one_block(PSHARED Shared, PVOID Buffer, ULONG Length)
{
    BOOLEAN locked = FALSE;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        locked = TRUE;
        Shared->UserVa = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, // ok: mdl-map-outside-try
                                                      NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (locked)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    Shared->Mdl = mdl;
    return STATUS_SUCCESS;
}
