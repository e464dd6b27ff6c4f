#include <ntddk.h>

typedef struct _JOB {
    PMDL Mdl;
    PVOID Va;
    ULONG Length;
} JOB, *PJOB;

NTSTATUS DevTransfer(PMDL Mdl);

NTSTATUS bad_locked_at_once(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status;

    MmBuildMdlForNonPagedPool(mdl); // expect: mdl-alloc-unchecked
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_chained(PMDL Head, PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    mdl->Next = Head->Next; // expect: mdl-alloc-unchecked
    Head->Next = mdl;
    return STATUS_SUCCESS;
}

/* In the caller's structure it is no less NULL. */
NTSTATUS bad_in_field(PJOB Job)
{
    Job->Mdl = IoAllocateMdl(Job->Va, Job->Length, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(Job->Mdl); // expect: mdl-alloc-unchecked
    return DevTransfer(Job->Mdl);
}

/* The test comes too late. */
NTSTATUS bad_tested_afterwards(PMDL Source, PVOID Start, ULONG Length)
{
    PMDL part = IoAllocateMdl(Start, Length, FALSE, FALSE, NULL);

    IoBuildPartialMdl(Source, part, Start, Length); // expect: mdl-alloc-unchecked
    if (part == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    DevTransfer(part);
    IoFreeMdl(part);
    return STATUS_SUCCESS;
}

/* The other one is tested. */
NTSTATUS bad_wrong_one_tested(PVOID First, PVOID Second, ULONG Length)
{
    PMDL one = IoAllocateMdl(First, Length, FALSE, FALSE, NULL);
    PMDL two = IoAllocateMdl(Second, Length, FALSE, FALSE, NULL);

    if (one == NULL) {
        if (two != NULL)
            IoFreeMdl(two);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(one);
    MmBuildMdlForNonPagedPool(two); // expect: mdl-alloc-unchecked
    one->Next = two;
    DevTransfer(one);
    IoFreeMdl(two);
    IoFreeMdl(one);
    return STATUS_SUCCESS;
}

/* Says that there was no memory, and goes on. */
NTSTATUS bad_status_only(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl); // expect: mdl-alloc-unchecked
    if (NT_SUCCESS(status))
        status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS bad_pages_unchecked(ULONG Length)
{
    PHYSICAL_ADDRESS low = {0}, high, skip = {0};
    NTSTATUS status;
    ULONG got;
    PMDL mdl;

    high.QuadPart = -1;
    mdl = MmAllocatePagesForMdl(low, high, skip, Length);
    got = mdl->ByteCount; // expect: mdl-alloc-unchecked
    status = got < Length ? STATUS_INSUFFICIENT_RESOURCES : DevTransfer(mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    return status;
}

static PMDL helper_new(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

/* The helper looks, its caller does not. */
NTSTATUS bad_from_helper(PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_new(Buffer, Length);
    NTSTATUS status;

    mdl->Next = NULL; // expect: mdl-alloc-unchecked
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

static VOID helper_build(PMDL Mdl)
{
    MmBuildMdlForNonPagedPool(Mdl); // expect: mdl-alloc-unchecked
}

NTSTATUS bad_to_helper(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    NTSTATUS status;

    helper_build(mdl);
    status = DevTransfer(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* The handler takes what MmProbeAndLockPages does to NULL, and frees it. */
NTSTATUS bad_freed_by_handler(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // expect: mdl-alloc-unchecked
        return GetExceptionCode();
    }
    status = DevTransfer(mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* All but the first are tested. */
NTSTATUS bad_in_loop(PUCHAR Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;

    do {
        ULONG part = Length > PAGE_SIZE ? PAGE_SIZE : Length;
        PMDL mdl = IoAllocateMdl(Buffer, part, FALSE, FALSE, NULL);

        if (mdl == NULL && Length <= PAGE_SIZE)
            return STATUS_INSUFFICIENT_RESOURCES;
        MmBuildMdlForNonPagedPool(mdl); // expect: mdl-alloc-unchecked
        status = DevTransfer(mdl);
        IoFreeMdl(mdl);
        Buffer += part;
        Length -= part;
    } while (NT_SUCCESS(status) && Length > 0);
    return status;
}
