#include <ntddk.h>

/* Page numbers are taken over from an MDL whose pages are locked. */
NTSTATUS good_pages_copied_by_hand(PMDL Master, PVOID Buffer, ULONG Length, ULONG Step)
{
    PPFN_NUMBER from = MmGetMdlPfnArray(Master);
    PPFN_NUMBER to;
    ULONG at;
    PVOID va;
    PMDL part = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (part == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    to = (PPFN_NUMBER)(part + 1);
    for (at = 0; at < Length; at += Step)
        RtlCopyMemory(&to[at >> PAGE_SHIFT], &from[at >> PAGE_SHIFT], sizeof(PFN_NUMBER) * (Step >> PAGE_SHIFT));
    va = MmGetSystemAddressForMdlSafe(part, NormalPagePriority); // ok: mdl-map-unlocked
    if (va != NULL)
        RtlZeroMemory(va, Length);
    IoFreeMdl(part);
    return STATUS_SUCCESS;
}

NTSTATUS bad_no_pages_at_all(PMDL Master, PVOID Buffer, ULONG Length)
{
    PPFN_NUMBER from = MmGetMdlPfnArray(Master);
    PVOID va;
    PMDL part = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (part == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    va = MmGetSystemAddressForMdlSafe(part, NormalPagePriority); // expect: mdl-map-unlocked
    if (va != NULL)
        RtlFillMemory(va, Length, (UCHAR)from[0]);
    IoFreeMdl(part);
    return STATUS_SUCCESS;
}
