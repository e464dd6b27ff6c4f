#include <ntddk.h>

typedef struct _SHARED {
    PMDL Mdl;
    PVOID UserVa;
    PVOID SystemVa;
} SHARED, *PSHARED;

VOID DevNote(PVOID Va);

NTSTATUS bad_no_handler(PSHARED Shared)
{
    Shared->UserVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, UserMode, MmCached, NULL, FALSE, // expect: mdl-map-outside-try
                                                  NormalPagePriority);
    if (Shared->UserVa == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS;
}

/* Runs while the exception passes, and does not stop it. */
NTSTATUS bad_finally_only(PSHARED Shared, PFAST_MUTEX Lock)
{
    ExAcquireFastMutex(Lock);
    __try {
        Shared->UserVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, UserMode, MmCached, NULL, FALSE, // expect: mdl-map-outside-try
                                                      NormalPagePriority);
    } __finally {
        ExReleaseFastMutex(Lock);
    }
    return STATUS_SUCCESS;
}

NTSTATUS bad_filter_never_executes(PSHARED Shared)
{
    __try {
        Shared->UserVa = MmMapLockedPagesSpecifyCache(Shared->Mdl, UserMode, MmCached, NULL, FALSE, // expect: mdl-map-outside-try
                                                      NormalPagePriority);
    } __except (EXCEPTION_CONTINUE_SEARCH) {
        return STATUS_UNSUCCESSFUL;
    }
    return STATUS_SUCCESS;
}

/* The handler ends before the mapping. */
NTSTATUS bad_try_too_short(PSHARED Shared, PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    Shared->Mdl = mdl;
    Shared->UserVa = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority); // expect: mdl-map-outside-try
    return status;
}

NTSTATUS bad_obsolete_call(PSHARED Shared)
{
    Shared->UserVa = MmMapLockedPages(Shared->Mdl, UserMode); // expect: mdl-map-outside-try
    return STATUS_SUCCESS;
}

static PVOID helper_map(PMDL Mdl, KPROCESSOR_MODE Mode)
{
    return MmMapLockedPagesSpecifyCache(Mdl, Mode, MmCached, NULL, FALSE, NormalPagePriority); // expect: mdl-map-outside-try
}

NTSTATUS bad_mode_from_caller(PSHARED Shared)
{
    Shared->SystemVa = helper_map(Shared->Mdl, KernelMode);
    Shared->UserVa = helper_map(Shared->Mdl, UserMode);
    return Shared->SystemVa != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
