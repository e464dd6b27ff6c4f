// The state a handler starts from: see handler-state.md.
#include <ntddk.h>

static VOID helper_require(ULONG Length, ULONG Limit)
{
    if (Length > Limit) {
        ExRaiseStatus(STATUS_BUFFER_OVERFLOW);
    }
}

// The mistake this tool was written for.
NTSTATUS bad_handler_unlocks_failed_probe(PVOID Buffer, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl);
    return status;
}

NTSTATUS good_handler_knows_by_flag(PVOID Buffer, ULONG Length, ULONG Limit)
{
    BOOLEAN locked = FALSE;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        locked = TRUE;
        helper_require(Length, Limit);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (locked) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    }
    IoFreeMdl(mdl); // ok: mdl-free-locked
    return status;
}

// Two calls can lead here: the probe (nothing locked) and the check behind it (locked).
NTSTATUS bad_handler_forgets_later_raise(PVOID Buffer, ULONG Length, ULONG Limit)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        helper_require(Length, Limit);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl); // expect: mdl-free-locked
    return status;
}

NTSTATUS bad_two_probes_first_stays_locked(PVOID Buffer, PVOID Other, ULONG Length)
{
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(first, UserMode, IoReadAccess);
        MmProbeAndLockPages(second, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(second); // ok: mdl-free-locked
        IoFreeMdl(first); // expect: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(second);
    MmUnlockPages(first);
    IoFreeMdl(second);
    IoFreeMdl(first);
    return STATUS_SUCCESS;
}

NTSTATUS bad_two_probes_unlocks_both(PVOID Buffer, PVOID Other, ULONG Length)
{
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(first, UserMode, IoReadAccess);
        MmProbeAndLockPages(second, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(first); // expect: mdl-unlock-not-locked
        MmUnlockPages(second); // expect: mdl-unlock-not-locked
        IoFreeMdl(second);
        IoFreeMdl(first);
        return GetExceptionCode();
    }
    MmUnlockPages(second);
    MmUnlockPages(first);
    IoFreeMdl(second);
    IoFreeMdl(first);
    return STATUS_SUCCESS;
}

// A step counter tells the handler which probe it was.
NTSTATUS good_two_probes_step_counter(PVOID Buffer, PVOID Other, ULONG Length)
{
    ULONG step = 0;
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(first, UserMode, IoReadAccess);
        step = 1;
        MmProbeAndLockPages(second, UserMode, IoWriteAccess);
        step = 2;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (step >= 2) {
            MmUnlockPages(second); // ok: mdl-unlock-not-locked
        }
        if (step >= 1) {
            MmUnlockPages(first); // ok: mdl-unlock-not-locked
        }
        IoFreeMdl(second); // ok: mdl-free-locked
        IoFreeMdl(first); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(second);
    MmUnlockPages(first);
    IoFreeMdl(second);
    IoFreeMdl(first);
    return STATUS_SUCCESS;
}

// The same asked of the MDL.
NTSTATUS good_two_probes_asks_the_mdl(PVOID Buffer, PVOID Other, ULONG Length)
{
    PMDL second;
    PMDL first = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (first == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    second = IoAllocateMdl(Other, Length, FALSE, FALSE, NULL);
    if (second == NULL) {
        IoFreeMdl(first);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(first, UserMode, IoReadAccess);
        MmProbeAndLockPages(second, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (first->MdlFlags & MDL_PAGES_LOCKED) {
            MmUnlockPages(first); // ok: mdl-unlock-not-locked
        }
        IoFreeMdl(second);
        IoFreeMdl(first); // ok: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnlockPages(second);
    MmUnlockPages(first);
    IoFreeMdl(second);
    IoFreeMdl(first);
    return STATUS_SUCCESS;
}

// A user-mode mapping raises too, and then the pages are locked already.
NTSTATUS bad_map_raise_is_not_probe_raise(PVOID Buffer, ULONG Length)
{
    PVOID view;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        view = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl); // expect: mdl-free-locked
        return GetExceptionCode();
    }
    MmUnmapLockedPages(view, mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_map_raise_after_lock(PVOID Buffer, ULONG Length)
{
    PVOID view;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    __try {
        view = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    MmUnmapLockedPages(view, mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The handler maps what was never locked.
NTSTATUS bad_handler_maps(PVOID Buffer, ULONG Length)
{
    PVOID view = NULL;
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        view = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, // expect: mdl-map-unlocked
                                            FALSE, NormalPagePriority);
        IoFreeMdl(mdl);
        return view == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_UNSUCCESSFUL;
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The allocation in the body happened: it is older than the raise.
NTSTATUS bad_handler_loses_allocation(PVOID Buffer, ULONG Length)
{
    PMDL mdl = NULL;

    __try {
        mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // expect: mdl-leak
    }
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

// The allocation behind the raise did not.
NTSTATUS good_handler_before_allocation(PVOID Buffer, ULONG Length, ULONG Limit)
{
    PMDL mdl = NULL;

    __try {
        helper_require(Length, Limit);
        mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode(); // ok: mdl-leak
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    return STATUS_SUCCESS;
}
