#include <ntddk.h>

NTSTATUS DevSendChain(PMDL Chain);

static PMDL helper_two(PVOID Header, PVOID Data)
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

/* Save next, then free. */
NTSTATUS good_walk(PVOID Header, PVOID Data)
{
    PMDL mdl, next;

    for (mdl = helper_two(Header, Data); mdl != NULL; mdl = next) {
        next = mdl->Next;
        IoFreeMdl(mdl); // ok: mdl-chain-partial-free
    }
    return STATUS_SUCCESS;
}

/* The second one is still in a variable. */
NTSTATUS good_tail_first(PVOID Header, PVOID Data)
{
    PMDL head = helper_two(Header, Data), tail;

    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    tail = head->Next;
    IoFreeMdl(head); // ok: mdl-chain-partial-free
    IoFreeMdl(tail);
    return STATUS_SUCCESS;
}

/* From the end. */
NTSTATUS good_from_the_end(PVOID Header, PVOID Data)
{
    PMDL head = helper_two(Header, Data);

    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(head->Next);
    head->Next = NULL;
    IoFreeMdl(head); // ok: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

/* Taken out of the chain before. */
NTSTATUS good_unlinked(PVOID Header, PVOID Data, PMDL *Rest)
{
    PMDL head = helper_two(Header, Data);

    *Rest = NULL;
    if (head == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Rest = head->Next;
    head->Next = NULL;
    IoFreeMdl(head); // ok: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

/* Nobody knows how long this chain is, or who owns the rest. */
VOID good_unknown_chain(PMDL Head)
{
    IoFreeMdl(Head); // ok: mdl-chain-partial-free
}

/* A single MDL is a chain of one. */
NTSTATUS good_single(PVOID Data, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Data, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    mdl->Next = NULL;
    IoFreeMdl(mdl); // ok: mdl-chain-partial-free
    return STATUS_SUCCESS;
}

static VOID helper_free_chain(PMDL Chain)
{
    PMDL next;

    for (; Chain != NULL; Chain = next) {
        next = Chain->Next;
        IoFreeMdl(Chain);
    }
}

/* A helper walks. */
NTSTATUS good_helper_walks(PVOID Header, PVOID Data)
{
    helper_free_chain(helper_two(Header, Data));
    return STATUS_SUCCESS;
}
