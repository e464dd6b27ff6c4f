#include <ntddk.h>

#define TRY_LOCK(_mdl, _op, _status)                    \
    do {                                                \
        __try {                                         \
            MmProbeAndLockPages((_mdl), UserMode, _op); \
            (_status) = STATUS_SUCCESS;                 \
        } __except (EXCEPTION_EXECUTE_HANDLER) {        \
            (_status) = GetExceptionCode();             \
        }                                               \
    } while (0)

/* Every caller guards this one. */
static VOID helper_lock_guarded_by_caller(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // ok: mdl-probe-outside-try
}

/* Nobody guards this one. */
static VOID helper_lock_unguarded(PMDL Mdl)
{
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
}

static VOID helper_lock_both(PMDL First, PMDL Second)
{
    helper_lock_guarded_by_caller(First);
    if (Second != NULL && Second != First)
        helper_lock_guarded_by_caller(Second);
}

NTSTATUS good_caller_guards(PMDL Mdl)
{
    __try {
        helper_lock_guarded_by_caller(Mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* The guard is two calls away. */
NTSTATUS good_guard_two_calls_up(PMDL First, PMDL Second)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        helper_lock_both(First, Second);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

NTSTATUS bad_caller_does_not_guard(PMDL Mdl)
{
    if (Mdl == NULL)
        return STATUS_INVALID_PARAMETER;
    helper_lock_unguarded(Mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_macro(PMDL Mdl)
{
    NTSTATUS status;

    TRY_LOCK(Mdl, IoReadAccess, status); // ok: mdl-probe-outside-try
    return status;
}

/* The guard ended before the loop. */
NTSTATUS bad_loop_outside(PMDL *Mdls, ULONG Count, PVOID Table, ULONG Size)
{
    ULONG i;

    __try {
        ProbeForRead(Table, Size, sizeof(UCHAR));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    for (i = 0; i < Count; i++) {
        MmProbeAndLockPages(Mdls[i], UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    }
    return STATUS_SUCCESS;
}

NTSTATUS good_loop_inside(PMDL *Mdls, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i = 0;

    __try {
        for (i = 0; i < Count; i++) {
            MmProbeAndLockPages(Mdls[i], UserMode, IoReadAccess); // ok: mdl-probe-outside-try
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        while (i > 0)
            MmUnlockPages(Mdls[--i]);
    }
    return status;
}
