#include <ntddk.h>
#include "compat.h"

/* Limits and effects under _When_. */

#define WAIT_FOREVER 1
#define FLAG_PAGED (0x1 | FLAG_SLOW)
#define FLAG_SLOW 0x4

typedef enum _WORK_KIND { WorkNow, WorkLater } WORK_KIND;

typedef struct _REQUEST {
    ULONG Flags;
    union {
        ULONG Length;
        ULONG Used;
    };
} REQUEST, *PREQUEST;

_When_(Wait != FALSE, _IRQL_requires_max_(APC_LEVEL))
_When_(Wait == FALSE, _IRQL_requires_max_(DISPATCH_LEVEL))
VOID helper_flush(_In_ PKSPIN_LOCK Lock, _In_ BOOLEAN Wait);

_When_(Wait == WAIT_FOREVER, _IRQL_requires_max_(APC_LEVEL))
VOID helper_flush_macro(_In_ ULONG Wait);

_When_(Kind == WorkNow, _IRQL_requires_max_(APC_LEVEL))
VOID helper_work(_In_ WORK_KIND Kind);

_When_((Flags & FLAG_PAGED) != 0, _IRQL_requires_max_(APC_LEVEL))
VOID helper_flags(_In_ ULONG Flags);

_When_(Flags & FLAG_SLOW, _IRQL_requires_max_(APC_LEVEL))
_When_(!Flags, _IRQL_requires_max_(PASSIVE_LEVEL))
VOID helper_plain_flags(_In_ ULONG Flags);

_When_(Request->Flags == 1 && Request->Used != 0, _IRQL_requires_max_(APC_LEVEL))
VOID helper_request(_In_ PREQUEST Request);

__drv_when(Wait == 1, __drv_maxIRQL(APC_LEVEL))
VOID helper_older(_In_ BOOLEAN Wait);

void bad_conditions(PKSPIN_LOCK Lock)
{
    KIRQL irql;
    REQUEST request;

    request.Flags = 1;
    request.Length = 4;
    KeAcquireSpinLock(Lock, &irql);
    helper_flush(Lock, TRUE); // expect: irql-too-high
    helper_flush_macro(WAIT_FOREVER); // expect: irql-too-high
    helper_work(WorkNow); // expect: irql-too-high
    helper_flags(FLAG_SLOW); // expect: irql-too-high
    helper_plain_flags(FLAG_SLOW); // expect: irql-too-high
    helper_plain_flags(0); // expect: irql-too-high
    helper_request(&request); // expect: irql-too-high
    helper_older(TRUE); // expect: irql-too-high
    KeReleaseSpinLock(Lock, irql);
}

void good_conditions(PKSPIN_LOCK Lock, ULONG Unknown)
{
    KIRQL irql;
    REQUEST request;

    request.Flags = 2;
    request.Length = 4;
    KeAcquireSpinLock(Lock, &irql);
    helper_flush(Lock, FALSE);
    helper_flush_macro(0);
    helper_work(WorkLater);
    helper_flags(0x8);
    helper_flags(Unknown);
    helper_plain_flags(0x1);
    helper_request(&request);
    helper_older(FALSE);
    KeReleaseSpinLock(Lock, irql);
}

void bad_condition_of_path(PKSPIN_LOCK Lock, BOOLEAN Wait)
{
    KIRQL irql;

    KeAcquireSpinLock(Lock, &irql);
    if (Wait) {
        helper_flush(Lock, Wait); // expect: irql-too-high
    }
    KeReleaseSpinLock(Lock, irql);
}

void good_condition_of_path(PKSPIN_LOCK Lock, BOOLEAN Wait)
{
    KIRQL irql;

    KeAcquireSpinLock(Lock, &irql);
    if (!Wait) {
        helper_flush(Lock, Wait); // ok: irql-too-high
    }
    KeReleaseSpinLock(Lock, irql);
}

/* Effects that depend on the result. */
_When_(return != FALSE, _IRQL_raises_(DISPATCH_LEVEL) _At_(*OldIrql, _IRQL_saves_))
BOOLEAN helper_try_lock(_In_ PKSPIN_LOCK Lock, _Out_ PKIRQL OldIrql);

_When_(NT_SUCCESS(return), _IRQL_raises_(DISPATCH_LEVEL))
_At_(*OldIrql, _IRQL_saves_)
NTSTATUS helper_begin(_In_ PKSPIN_LOCK Lock, _Out_ PKIRQL OldIrql);

_When_(return == 0, _IRQL_raises_(DISPATCH_LEVEL))
_When_(Wait == 1, _IRQL_requires_max_(APC_LEVEL))
ULONG helper_enter(_In_ BOOLEAN Wait, _Out_ _IRQL_saves_ PKIRQL OldIrql);

_IRQL_requires_max_(APC_LEVEL)
VOID helper_slow(VOID);

void bad_success_raises(PKSPIN_LOCK Lock)
{
    KIRQL irql;

    if (helper_try_lock(Lock, &irql)) {
        helper_slow(); // expect: irql-too-high
        KeReleaseSpinLock(Lock, irql);
    }
    if (NT_SUCCESS(helper_begin(Lock, &irql))) {
        helper_slow(); // expect: irql-too-high
        KeReleaseSpinLock(Lock, irql);
    }
    if (helper_enter(FALSE, &irql) == 0) {
        helper_slow(); // expect: irql-too-high
        KeReleaseSpinLock(Lock, irql);
    }
}

_IRQL_requires_max_(APC_LEVEL)
void good_failure_does_not(PKSPIN_LOCK Lock)
{
    KIRQL irql;

    if (helper_try_lock(Lock, &irql)) {
        KeReleaseSpinLock(Lock, irql);
        helper_slow();
    } else {
        helper_slow(); // ok: irql-too-high
    }
    if (!NT_SUCCESS(helper_begin(Lock, &irql))) {
        helper_slow(); // ok: irql-too-high
    } else {
        KeReleaseSpinLock(Lock, irql);
    }
    if (helper_enter(TRUE, &irql) != 0) {
        helper_slow(); // ok: irql-too-high
    } else {
        KeReleaseSpinLock(Lock, irql);
    }
}

/* A condition on what nobody here can know says nothing. */
_When_(helper_is_on() == 1, _IRQL_requires_max_(APC_LEVEL))
_When_(helper_is_on() == 1, _IRQL_raises_(DISPATCH_LEVEL))
VOID helper_unreadable(VOID);

void good_unreadable(PKSPIN_LOCK Lock)
{
    KIRQL irql;

    KeAcquireSpinLock(Lock, &irql);
    helper_unreadable(); // ok: irql-too-high
    helper_slow(); // ok: irql-too-high (the level is not known any more)
    KeReleaseSpinLock(Lock, irql);
}

/* An exception is a way out, too. */
_When_(Mode == UserMode, _Maybe_raises_SEH_exception_)
VOID helper_copy(_In_ PVOID To, _In_ KPROCESSOR_MODE Mode);

_Maybe_raises_SEH_exception_
VOID helper_touch(_In_ PVOID To);

void bad_exception_leaves_locked(PMDL Mdl, PVOID To)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    __try {
        helper_copy(To, UserMode);
        MmUnlockPages(Mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(Mdl); // expect: mdl-free-locked
    }
}

void bad_touch_leaves_locked(PMDL Mdl, PVOID To)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    __try {
        helper_touch(To);
        MmUnlockPages(Mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(Mdl); // expect: mdl-free-locked
    }
}

void good_no_exception_in_kernel_mode(PMDL Mdl, PVOID To)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
    __try {
        helper_copy(To, KernelMode);
        MmUnlockPages(Mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(Mdl); // ok: mdl-free-locked
    }
}
