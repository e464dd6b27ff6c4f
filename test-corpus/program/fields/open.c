#include "fields.h"

PMDL helper_locked(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return NULL;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return NULL;
    }
    return mdl;
}

NTSTATUS helper_lock_into(PVOID Buffer, ULONG Length, PMDL *Out)
{
    *Out = helper_locked(Buffer, Length);
    return *Out != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS good_share(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    Device->GoodShared = helper_locked(Buffer, Length); // ok: mdl-lock-leak
    return Device->GoodShared ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS bad_share(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    Device->BadShared = helper_locked(Buffer, Length); // expect[program]: mdl-lock-leak
    return Device->BadShared ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS bad_header(PDEVICE Device, PVOID Header)
{
    PMDL mdl = IoAllocateMdl(Header, PAGE_SIZE, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    Device->BadHeader = mdl; // expect[program]: mdl-leak
    return STATUS_SUCCESS;
}

NTSTATUS good_list(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    PBUFFER_ENTRY entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(*entry), 'yrtE');

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->Bad = NULL;
    entry->Good = helper_locked(Buffer, Length); // ok: mdl-lock-leak
    ExInterlockedInsertTailList(&Device->Buffers, &entry->Link, &Device->Lock);
    return STATUS_SUCCESS;
}

NTSTATUS bad_list(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    PBUFFER_ENTRY entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(*entry), 'yrtE');

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->Good = NULL;
    entry->Bad = helper_locked(Buffer, Length); // expect[program]: mdl-lock-leak
    ExInterlockedInsertTailList(&Device->Buffers, &entry->Link, &Device->Lock);
    return STATUS_SUCCESS;
}

NTSTATUS good_parts(PDEVICE Device, PVOID Buffer)
{
    Device->GoodParts[0] = helper_locked(Buffer, PAGE_SIZE); // ok: mdl-lock-leak
    return STATUS_SUCCESS;
}

NTSTATUS bad_parts(PDEVICE Device, PVOID Buffer)
{
    Device->BadParts[0] = helper_locked(Buffer, PAGE_SIZE); // expect[program]: mdl-lock-leak
    return STATUS_SUCCESS;
}

NTSTATUS good_copied(PDEVICE Device, PVOID Buffer)
{
    Device->GoodCopied = helper_locked(Buffer, PAGE_SIZE); // ok: mdl-lock-leak
    return STATUS_SUCCESS;
}

/* A callee stores it through a pointer. */
NTSTATUS good_through(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    return helper_lock_into(Buffer, Length, &Device->GoodThrough); // ok: mdl-lock-leak
}

NTSTATUS good_handed_out(PDEVICE Device, PVOID Buffer, ULONG Length)
{
    Device->GoodHandedOut = helper_locked(Buffer, Length); // ok: mdl-lock-leak
    return STATUS_SUCCESS;
}
