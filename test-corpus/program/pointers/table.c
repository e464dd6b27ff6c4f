#include "pointers.h"

static VOID helper_unlock_and_free(PMDL Mdl)
{
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/* Frees, and leaves the unlocking to others. */
static VOID helper_free_only(PMDL Mdl)
{
    IoFreeMdl(Mdl); // expect[program]: mdl-free-locked
}

const OPERATIONS helper_operations = {helper_unlock_and_free, helper_free_only};

VOID helper_init_port(PPORT Port)
{
    Port->Operations = &helper_operations;
    Port->Finish = helper_unlock_and_free;
}
