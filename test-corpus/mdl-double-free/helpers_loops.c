#include <ntddk.h>

#define SLOT_COUNT 8

typedef struct _CHANNEL {
    PMDL Slots[SLOT_COUNT];
    PMDL Current;
} CHANNEL, *PCHANNEL;

static VOID helper_free(PMDL Mdl)
{
    IoFreeMdl(Mdl);
}

static VOID helper_free_and_clear(PMDL *Mdl)
{
    if (*Mdl != NULL) {
        IoFreeMdl(*Mdl);
        *Mdl = NULL;
    }
}

/* helper_free cannot clear the caller's pointer. */
VOID bad_helper_frees_first(PCHANNEL Channel)
{
    PMDL mdl = Channel->Current;

    if (mdl == NULL)
        return;
    Channel->Current = NULL;
    helper_free(mdl);
    IoFreeMdl(mdl); // expect: mdl-double-free
}

VOID good_helper_clears(PCHANNEL Channel)
{
    helper_free_and_clear(&Channel->Current);
    helper_free_and_clear(&Channel->Current); // ok: mdl-double-free
    if (Channel->Current != NULL)
        IoFreeMdl(Channel->Current); // ok: mdl-double-free
}

/* The current MDL is freed in every turn. */
NTSTATUS bad_free_in_loop(PVOID Buffer, ULONG Turns)
{
    ULONG i;
    PMDL mdl = IoAllocateMdl(Buffer, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    i = 0;
    do {
        IoFreeMdl(mdl); // expect: mdl-double-free
    } while (++i < Turns);
    return STATUS_SUCCESS;
}

VOID good_free_slots(PCHANNEL Channel)
{
    ULONG i;

    for (i = 0; i < SLOT_COUNT; i++) {
        if (Channel->Slots[i] != NULL) {
            IoFreeMdl(Channel->Slots[i]); // ok: mdl-double-free
            Channel->Slots[i] = NULL;
        }
    }
}

/* Two passes over the slots; the first clears what it frees. */
VOID good_two_passes(PCHANNEL Channel)
{
    ULONG i;

    for (i = 0; i < SLOT_COUNT; i += 2)
        helper_free_and_clear(&Channel->Slots[i]);
    for (i = 0; i < SLOT_COUNT; i++)
        helper_free_and_clear(&Channel->Slots[i]); // ok: mdl-double-free
}

VOID good_chain_saved_next(PMDL Head)
{
    while (Head != NULL) {
        PMDL next = Head->Next;
        IoFreeMdl(Head); // ok: mdl-double-free
        Head = next;
    }
}
