#include "latent.h"

/* Right, unless the caller has unlocked already; some caller has. */
VOID bad_release(PMDL Mdl)
{
    MmUnlockPages(Mdl); // expect[program]: mdl-double-unlock
    IoFreeMdl(Mdl);
}

VOID good_release(PMDL Mdl)
{
    MmUnlockPages(Mdl); // ok: mdl-double-unlock
    IoFreeMdl(Mdl);
}

/* To be called inside a handler; one caller has none. */
VOID bad_lock_unguarded(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
}

/* Every caller has a handler around it, in another file. */
VOID good_lock_unguarded(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect[unit]: mdl-probe-outside-try
}

/* Raises for somebody to catch. */
VOID bad_require(BOOLEAN Condition)
{
    if (!Condition)
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
}

VOID good_require(BOOLEAN Condition)
{
    if (!Condition)
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
}
