#include "fields.h"

VOID good_close(PDEVICE Device)
{
    if (Device->GoodShared != NULL) {
        MmUnlockPages(Device->GoodShared);
        IoFreeMdl(Device->GoodShared);
        Device->GoodShared = NULL;
    }
    helper_release_at(&Device->GoodThrough);
}

VOID helper_release_at(PMDL *Where)
{
    if (*Where == NULL)
        return;
    MmUnlockPages(*Where);
    IoFreeMdl(*Where);
    *Where = NULL;
}

/* Looks at the MDLs, and that is all. */
ULONG bad_count(PDEVICE Device)
{
    ULONG bytes = 0, n;

    if (Device->BadShared != NULL)
        bytes += MmGetMdlByteCount(Device->BadShared);
    for (n = 0; n < 4; n++)
        if (Device->BadParts[n] != NULL)
            bytes += MmGetMdlByteCount(Device->BadParts[n]);
    Device->BadShared = NULL;
    return bytes;
}

VOID good_drain(PDEVICE Device)
{
    PLIST_ENTRY link;

    while ((link = ExInterlockedRemoveHeadList(&Device->Buffers, &Device->Lock)) != NULL) {
        PBUFFER_ENTRY entry = CONTAINING_RECORD(link, BUFFER_ENTRY, Link);

        if (entry->Good != NULL) {
            MmUnlockPages(entry->Good);
            IoFreeMdl(entry->Good);
        }
        ExFreePoolWithTag(entry, 'yrtE');
    }
}

VOID good_free_parts(PDEVICE Device)
{
    ULONG n;

    for (n = 0; n < 4; n++)
        if (Device->GoodParts[n] != NULL) {
            MmUnlockPages(Device->GoodParts[n]);
            IoFreeMdl(Device->GoodParts[n]);
            Device->GoodParts[n] = NULL;
        }
}

static PMDL helper_parked;

VOID good_park(PDEVICE Device)
{
    helper_parked = Device->GoodCopied;
    Device->GoodCopied = NULL;
}

VOID good_unpark(VOID)
{
    if (helper_parked != NULL) {
        MmUnlockPages(helper_parked);
        IoFreeMdl(helper_parked);
    }
}

PMDL good_hand_out(PDEVICE Device)
{
    PMDL mdl = Device->GoodHandedOut;

    Device->GoodHandedOut = NULL;
    return mdl;
}
