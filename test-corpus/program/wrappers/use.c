#include "wrappers.h"

/* The wrapper says by its status whether it locked. */
NTSTATUS good_status(PVOID Buffer, ULONG Length)
{
    NTSTATUS status;
    PMDL mdl = helper_make(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = helper_lock(mdl);
    if (NT_SUCCESS(status))
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);         // ok: mdl-free-locked
    return status;
}

NTSTATUS bad_status_ignored(PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_make(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    helper_lock(mdl);
    MmUnlockPages(mdl); // expect[program]: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_leaks_fresh(PVOID Buffer, ULONG Length)
{
    PMDL mdl = helper_make(Buffer, Length);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!helper_try_lock(mdl))
        return STATUS_ACCESS_VIOLATION; // expect[program]: mdl-leak
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_frees_what_is_locked(PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    NTSTATUS status = helper_make_locked(Buffer, Length, &mdl);

    if (!NT_SUCCESS(status))
        return status;
    helper_free(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS bad_leaks_out_parameter(PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    NTSTATUS status = helper_make_locked(Buffer, Length, &mdl);

    if (!NT_SUCCESS(status))
        return status;
    if (MmGetMdlByteCount(mdl) < PAGE_SIZE)
        return STATUS_BUFFER_TOO_SMALL; // expect[program]: mdl-lock-leak
    MmUnlockPages(mdl);
    helper_free(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_out_parameter(PVOID Buffer, ULONG Length)
{
    PMDL mdl;
    NTSTATUS status = helper_make_locked(Buffer, Length, &mdl);

    if (!NT_SUCCESS(status))
        return status;
    MmUnlockPages(mdl);
    helper_free(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_struct(PVOID Buffer, ULONG Length)
{
    LOCKED locked;
    NTSTATUS status = helper_open(Buffer, Length, &locked);

    if (!NT_SUCCESS(status))
        return status; // ok: mdl-lock-leak, mdl-leak
    RtlZeroMemory(locked.Address, Length);
    helper_close(&locked);
    return STATUS_SUCCESS;
}

NTSTATUS bad_struct_not_closed(PVOID Buffer, ULONG Length)
{
    LOCKED locked;
    NTSTATUS status = helper_open(Buffer, Length, &locked);

    if (!NT_SUCCESS(status))
        return status;
    if (Length < PAGE_SIZE)
        return STATUS_BUFFER_TOO_SMALL; // expect[program]: mdl-lock-leak
    helper_close(&locked);
    return STATUS_SUCCESS;
}

NTSTATUS good_struct_closed_twice(PVOID Buffer, ULONG Length)
{
    LOCKED locked;
    NTSTATUS status = helper_open(Buffer, Length, &locked);

    helper_close(&locked); // ok: mdl-double-free, mdl-double-unlock
    helper_close(&locked);
    return status;
}

/* Flag and pages disagree. */
NTSTATUS bad_struct_flag(PVOID Buffer, ULONG Length)
{
    LOCKED locked;
    NTSTATUS status = helper_open(Buffer, Length, &locked);

    if (!NT_SUCCESS(status))
        return status;
    MmUnlockPages(locked.Mdl);
    locked.IsLocked = FALSE;
    MmUnlockPages(locked.Mdl); // expect: mdl-double-unlock
    helper_close(&locked);
    return STATUS_SUCCESS;
}
