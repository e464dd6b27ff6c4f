#include <ntddk.h>

typedef struct _JOB {
    PMDL Mdl;
    PVOID Va;
    ULONG Length;
} JOB, *PJOB;

NTSTATUS DevTransfer(PMDL Mdl);

NTSTATUS good_tested(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status;

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl); // ok: mdl-alloc-unchecked
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_status_tested(PJOB Job)
{
    NTSTATUS status = STATUS_SUCCESS;

    Job->Mdl = IoAllocateMdl(Job->Va, Job->Length, FALSE, FALSE, NULL);
    if (Job->Mdl == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        MmBuildMdlForNonPagedPool(Job->Mdl); // ok: mdl-alloc-unchecked
        status = DevTransfer(Job->Mdl);
    }
    return status;
}

NTSTATUS good_both_tested(PVOID First, PVOID Second, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PMDL one = IoAllocateMdl(First, Length, FALSE, FALSE, NULL);
    PMDL two = IoAllocateMdl(Second, Length, FALSE, FALSE, NULL);

    if (one != NULL && two != NULL) {
        MmBuildMdlForNonPagedPool(one); // ok: mdl-alloc-unchecked
        MmBuildMdlForNonPagedPool(two); // ok: mdl-alloc-unchecked
        one->Next = two;
        status = DevTransfer(one);
        one->Next = NULL;
    }
    if (two != NULL)
        IoFreeMdl(two);
    if (one != NULL)
        IoFreeMdl(one);
    return status;
}

static PMDL helper_allocate(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return mdl;
}

/* No way leads here with NULL. */
NTSTATUS good_helper_raises(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;

    __try {
        PMDL mdl = helper_allocate(Buffer, Length);

        MmBuildMdlForNonPagedPool(mdl); // ok: mdl-alloc-unchecked
        status = DevTransfer(mdl);
        IoFreeMdl(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* Tried until there is one. */
NTSTATUS good_tried_again(PVOID Buffer, ULONG Length)
{
    LARGE_INTEGER wait;
    NTSTATUS status;
    PMDL mdl;

    wait.QuadPart = -10000;
    while ((mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL)) == NULL)
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
    MmBuildMdlForNonPagedPool(mdl); // ok: mdl-alloc-unchecked
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* A function that may test it itself. */
NTSTATUS good_given_away(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status = DevTransfer(mdl); // ok: mdl-alloc-unchecked

    if (mdl != NULL)
        IoFreeMdl(mdl);
    return status;
}

static PMDL helper_new(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl); // ok: mdl-alloc-unchecked
    return mdl;
}

NTSTATUS good_from_helper(PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_new(Buffer, Length);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (mdl != NULL) {
        mdl->Next = NULL; // ok: mdl-alloc-unchecked
        status = DevTransfer(mdl);
        IoFreeMdl(mdl);
    }
    return status;
}

NTSTATUS good_handler_tests(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); // ok: mdl-alloc-unchecked
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (mdl != NULL)
            IoFreeMdl(mdl); // ok: mdl-alloc-unchecked
        return GetExceptionCode();
    }
    status = DevTransfer(mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}
