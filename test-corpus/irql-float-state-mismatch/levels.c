#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    KSPIN_LOCK Inner;
    FAST_MUTEX Mutex;
    KEVENT Idle;
    KDPC Dpc;
    KLOCK_QUEUE_HANDLE Queued;
    ULONG Count;
    BOOLEAN Removed;
    KIRQL Irql;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

KSTART_ROUTINE bad_restored_under_lock;
KSTART_ROUTINE good_same_level;
KSTART_ROUTINE bad_saved_under_lock;
KSTART_ROUTINE good_both_under_lock;
KSTART_ROUTINE bad_restored_under_mutex;
KSTART_ROUTINE good_raised_in_between;
KSTART_ROUTINE bad_one_path;
KSTART_ROUTINE good_failed;
KSTART_ROUTINE good_nested;
KSTART_ROUTINE bad_nested;
KDEFERRED_ROUTINE good_dpc;

VOID bad_restored_under_lock(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeRestoreFloatingPointState(&save); // expect: irql-float-state-mismatch
    KeReleaseSpinLock(&ext->Lock, irql);
}

VOID good_same_level(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    ext->Count++;
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
}

VOID bad_saved_under_lock(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    status = KeSaveFloatingPointState(&save);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, irql);
    if (NT_SUCCESS(status))
        KeRestoreFloatingPointState(&save); // expect: irql-float-state-mismatch
}

VOID good_both_under_lock(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;
    KIRQL irql;

    KeAcquireSpinLock(&ext->Lock, &irql);
    if (NT_SUCCESS(KeSaveFloatingPointState(&save))) {
        ext->Count++;
        KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
    }
    KeReleaseSpinLock(&ext->Lock, irql);
}

VOID bad_restored_under_mutex(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    ExAcquireFastMutex(&ext->Mutex);
    ext->Count++;
    KeRestoreFloatingPointState(&save); // expect: irql-float-state-mismatch
    ExReleaseFastMutex(&ext->Mutex);
}

VOID good_raised_in_between(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&ext->Lock, &irql);
    ext->Count++;
    KeReleaseSpinLock(&ext->Lock, irql);
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
}

VOID bad_one_path(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (ext->Removed) {
        KeRestoreFloatingPointState(&save); // expect: irql-float-state-mismatch
        KeReleaseSpinLock(&ext->Lock, irql);
        return;
    }
    KeReleaseSpinLock(&ext->Lock, irql);
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
}

VOID good_failed(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save))) {
        ext->Removed = TRUE;
        return;
    }
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
}

VOID good_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLockAtDpcLevel(&ext->Lock);
    ext->Count++;
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
    KeReleaseSpinLockFromDpcLevel(&ext->Lock);
}

/* Which level this is called at is not known. */
VOID good_unknown_caller(PDEVICE_EXTENSION Ext)
{
    KFLOATING_SAVE save;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&Ext->Lock, &irql);
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Two states, each at its level. */
VOID good_nested(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save, inner;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (NT_SUCCESS(KeSaveFloatingPointState(&inner)))
        KeRestoreFloatingPointState(&inner); // ok: irql-float-state-mismatch
    KeReleaseSpinLock(&ext->Lock, irql);
    KeRestoreFloatingPointState(&save); // ok: irql-float-state-mismatch
}

VOID bad_nested(PVOID Context)
{
    PDEVICE_EXTENSION ext = Context;
    KFLOATING_SAVE save, inner;
    KIRQL irql;

    if (!NT_SUCCESS(KeSaveFloatingPointState(&save)))
        return;
    KeAcquireSpinLock(&ext->Lock, &irql);
    if (NT_SUCCESS(KeSaveFloatingPointState(&inner)))
        KeRestoreFloatingPointState(&save); // expect: irql-float-state-mismatch
    KeReleaseSpinLock(&ext->Lock, irql);
}
