#include <ntddk.h>
#include "compat.h"

/* Limits on callers. */

typedef struct _CHANNEL {
    KSPIN_LOCK Lock;
    ULONG Pending;
    BOOLEAN Paged;
} CHANNEL, *PCHANNEL;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS helper_save_settings(_In_ PCHANNEL Channel);

_IRQL_requires_max_(APC_LEVEL)
_IRQL_requires_same_
VOID helper_log(_In_ PCHANNEL Channel);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID helper_count(_In_ PCHANNEL Channel);

/* Nothing stands at this one: the annotation before belongs to another. */
VOID helper_anything(_In_ PCHANNEL Channel);

void bad_settings_under_lock(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    Channel->Pending = 0;
    helper_save_settings(Channel); // expect: irql-too-high
    KeReleaseSpinLock(&Channel->Lock, irql);
}

void good_settings_after_lock(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    Channel->Pending = 0;
    helper_count(Channel);
    helper_anything(Channel);
    KeReleaseSpinLock(&Channel->Lock, irql);
    helper_save_settings(Channel); // ok: irql-too-high
}

void bad_log_on_one_branch(PCHANNEL Channel, BOOLEAN Verbose)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    if (Verbose) {
        helper_log(Channel); // expect: irql-too-high
    }
    KeReleaseSpinLock(&Channel->Lock, irql);
}

/* The level on entry is what the annotation says. */
_IRQL_requires_(DISPATCH_LEVEL)
void bad_begins_at_dispatch(PCHANNEL Channel)
{
    Channel->Pending++;
    helper_log(Channel); // expect: irql-too-high
}

_IRQL_requires_min_(DISPATCH_LEVEL)
void bad_begins_at_dispatch_or_above(PCHANNEL Channel)
{
    helper_log(Channel); // expect: irql-too-high
}

_IRQL_requires_max_(DISPATCH_LEVEL)
void good_begins_below(PCHANNEL Channel)
{
    helper_log(Channel); // ok: irql-too-high
}

_IRQL_always_function_min_(DISPATCH_LEVEL)
void bad_stays_at_dispatch(PCHANNEL Channel)
{
    helper_save_settings(Channel); // expect: irql-too-high
}

_IRQL_always_function_max_(APC_LEVEL)
VOID helper_never_above_apc(_In_ PCHANNEL Channel);

void bad_call_of_never_above(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    helper_never_above_apc(Channel); // expect: irql-too-high
    KeReleaseSpinLock(&Channel->Lock, irql);
}

/* Declared with the annotation, defined without: it is one function. */
_IRQL_requires_max_(PASSIVE_LEVEL)
static VOID helper_with_body(PCHANNEL Channel);

static VOID helper_with_body(PCHANNEL Channel)
{
    Channel->Pending++;
}

void bad_call_of_body(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    helper_with_body(Channel); // expect: irql-too-high
    KeReleaseSpinLock(&Channel->Lock, irql);
}

void good_call_of_body(PCHANNEL Channel)
{
    helper_with_body(Channel); // ok: irql-too-high
}

/* Through a macro of the driver's own. */
#define PAGED_FUNCTION _IRQL_requires_max_(APC_LEVEL) _IRQL_requires_same_
#define AT_MOST(level) _IRQL_requires_max_(level)

PAGED_FUNCTION VOID helper_paged(_In_ PCHANNEL Channel);
AT_MOST(APC_LEVEL) VOID helper_at_most(_In_ PCHANNEL Channel);

void bad_call_behind_macro(PCHANNEL Channel)
{
    KIRQL irql;

    KeAcquireSpinLock(&Channel->Lock, &irql);
    helper_paged(Channel); // expect: irql-too-high
    helper_at_most(Channel); // expect: irql-too-high
    KeReleaseSpinLock(&Channel->Lock, irql);
}

/* The older spelling. */
__drv_maxIRQL(APC_LEVEL)
__drv_sameIRQL
VOID helper_older(_In_ PCHANNEL Channel);

__drv_maxFunctionIRQL(APC_LEVEL)
VOID helper_older_function(_In_ PCHANNEL Channel);

__drv_requiresIRQL(DISPATCH_LEVEL)
void bad_older_spelling(PCHANNEL Channel)
{
    helper_older(Channel); // expect: irql-too-high
    helper_older_function(Channel); // expect: irql-too-high
}

__drv_minIRQL(DISPATCH_LEVEL)
void bad_older_minimum(PCHANNEL Channel)
{
    helper_older(Channel); // expect: irql-too-high
}
