#include <ntddk.h>

NTSTATUS DevSendChain(PMDL Chain);

/* The second one hangs on the first and is gone with it. */
NTSTATUS bad_head_only(PVOID Header, PVOID Data, ULONG Length)
{
    PMDL head, tail;

    head = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);
    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(head);
    tail = IoAllocateMdl(Data, Length, FALSE, FALSE, NULL);
    if (tail == NULL) {
        IoFreeMdl(head);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(tail);
    head->Next = tail;
    tail = NULL;
    IoFreeMdl(head); // expect: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

/* With its pages locked. */
NTSTATUS bad_locked_tail(PVOID Header, PVOID Data, ULONG Length)
{
    PMDL head, tail;
    NTSTATUS status = STATUS_SUCCESS;

    head = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);
    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(head);
    tail = IoAllocateMdl(Data, Length, FALSE, FALSE, NULL);
    if (tail == NULL) {
        IoFreeMdl(head);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(tail, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(tail);
        IoFreeMdl(head);
        return status;
    }
    head->Next = tail;
    tail = NULL;
    IoFreeMdl(head); // expect: mdl-chain-partial-free
    return status;
}

static PMDL helper_chain(PVOID Header, PVOID Data)
{
    PMDL head = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);

    if (head == NULL)
        return NULL;
    MmBuildMdlForNonPagedPool(head);
    head->Next = IoAllocateMdl(Data, PAGE_SIZE, FALSE, FALSE, NULL);
    if (head->Next == NULL) {
        IoFreeMdl(head);
        return NULL;
    }
    MmBuildMdlForNonPagedPool(head->Next);
    return head;
}

/* A helper built the chain. */
NTSTATUS bad_from_helper(PVOID Header, PVOID Data)
{
    PMDL chain = helper_chain(Header, Data);

    if (chain == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(chain); // expect: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

/* Put in front of the chain, and only the front is freed. */
NTSTATUS bad_pushed_in_front(PVOID Header, PVOID Data)
{
    PMDL chain = NULL, mdl;

    mdl = IoAllocateMdl(Data, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    mdl->Next = chain;
    chain = mdl;
    mdl = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        IoFreeMdl(chain);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl);
    mdl->Next = chain;
    chain = mdl;
    IoFreeMdl(chain); // expect: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

/* On the error path only. */
NTSTATUS bad_error_path(PVOID Header, PVOID Data, BOOLEAN Ready)
{
    PMDL chain = helper_chain(Header, Data);
    PMDL next;

    if (chain == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!Ready) {
        IoFreeMdl(chain); // expect: mdl-chain-partial-free
        return STATUS_DEVICE_NOT_READY;
    }
    for (; chain != NULL; chain = next) {
        next = chain->Next;
        IoFreeMdl(chain);
    }
    return STATUS_SUCCESS;
}
