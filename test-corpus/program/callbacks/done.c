#include "callbacks.h"

NTSTATUS good_done(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PTRANSFER t = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    MmUnlockPages(t->Mdl); // ok: mdl-double-unlock, mdl-unlock-not-locked
    IoFreeMdl(t->Mdl);     // ok: mdl-free-locked
    ExFreePoolWithTag(t, 'rfrT');
    return STATUS_SUCCESS;
}

NTSTATUS bad_done_frees_locked(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PTRANSFER t = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    IoFreeMdl(t->Mdl); // expect[program]: mdl-free-locked
    ExFreePoolWithTag(t, 'rfrT');
    return STATUS_SUCCESS;
}

NTSTATUS bad_done_unlocks_twice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PTRANSFER t = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    MmUnlockPages(t->Mdl);
    if (!NT_SUCCESS(Irp->IoStatus.Status))
        MmUnlockPages(t->Mdl); // expect: mdl-double-unlock
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
    return STATUS_SUCCESS;
}

NTSTATUS good_done_frees_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PMDL mdl, next;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    for (mdl = Irp->MdlAddress; mdl != NULL; mdl = next) {
        next = mdl->Next;
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
        IoFreeMdl(mdl);
    }
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID good_worker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PTRANSFER t = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    MmUnlockPages(t->Mdl);
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
}

VOID bad_worker_unlocks_unlocked(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PTRANSFER t = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    MmUnlockPages(t->Mdl); // expect[program]: mdl-double-unlock
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
}

VOID bad_dpc_frees_locked(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PTRANSFER t = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    IoFreeMdl(t->Mdl); // expect[program]: mdl-free-locked
}

VOID good_thread(PVOID StartContext)
{
    PTRANSFER t = StartContext;

    MmUnlockPages(t->Mdl);
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
    PsTerminateSystemThread(STATUS_SUCCESS);
}

VOID bad_thread_locks_again(PVOID StartContext)
{
    PTRANSFER t = StartContext;

    __try {
        MmProbeAndLockPages(t->Mdl, KernelMode, IoReadAccess); // expect[program]: mdl-double-lock
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        PsTerminateSystemThread(GetExceptionCode());
    }
    MmUnlockPages(t->Mdl);
    IoFreeMdl(t->Mdl);
    ExFreePoolWithTag(t, 'rfrT');
}
