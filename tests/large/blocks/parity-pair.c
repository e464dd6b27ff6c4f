// Two buffers that are locked together, or neither; and what holds them both.
//# types
typedef struct _PARITY_SET {
    PUCHAR DataArea;
    PUCHAR ParityArea;
    PMDL DataMdl;
    PMDL ParityMdl;
    ULONG Length;
} PARITY_SET;

//# helpers
static NTSTATUS StoreOpenPair$(PARITY_SET *Set, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;

    Set->Length = Length;
    Set->DataMdl = IoAllocateMdl(Set->DataArea, Length, FALSE, FALSE, NULL);
    if (Set->DataMdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Set->ParityMdl = IoAllocateMdl(Set->ParityArea, Length, FALSE, FALSE, NULL);
    if (Set->ParityMdl == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto FreeData;
    }
    __try {
        MmProbeAndLockPages(Set->DataMdl, KernelMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        goto FreeParity;
    }
    __try {
        MmProbeAndLockPages(Set->ParityMdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(Set->ParityMdl); //! only handler; see handler mdl-unlock-not-locked
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        goto FreeParity; //! only label
        goto UnlockData;
    }
    return STATUS_SUCCESS;

UnlockData:
    MmUnlockPages(Set->DataMdl); //! del inner
FreeParity:
    IoFreeMdl(Set->ParityMdl); //! del innerlose
    Set->ParityMdl = NULL; //! see innerlose mdl-leak
FreeData:
    IoFreeMdl(Set->DataMdl); //! see inner mdl-free-locked; see label mdl-free-locked
    Set->DataMdl = NULL; //! del stale
    return status;
}

static VOID StoreClosePair$(PARITY_SET *Set)
{
    if (Set->ParityMdl != NULL) {
        MmUnlockPages(Set->ParityMdl); //! del drop
        IoFreeMdl(Set->ParityMdl); //! see drop mdl-free-locked
        Set->ParityMdl = NULL;
    }
    if (Set->DataMdl != NULL) {
        MmUnlockPages(Set->DataMdl); //! see stale mdl-use-after-free; see stale mdl-unlock-not-locked
        IoFreeMdl(Set->DataMdl); //! del lose; see stale mdl-double-free
        Set->DataMdl = NULL; //! see lose mdl-leak
    }
}

//# locals
    PARITY_SET *Pair$ = NULL;
//# work
    if (Volume->RaidType == STORE_RAID5 || Volume->RaidType == STORE_RAID6) {
        Pair$ = ExAllocatePoolWithTag(NonPagedPool, sizeof(PARITY_SET), STORE_TAG);
        if (Pair$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        RtlZeroMemory(Pair$, sizeof(PARITY_SET));
        Pair$->DataArea = Buffer;
        Pair$->ParityArea = ExAllocatePoolWithTag(PagedPool, Volume->StripeLength, STORE_TAG);
        if (Pair$->ParityArea == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        status = StoreOpenPair$(Pair$, Volume->StripeLength);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
        //+
        status = StoreSubmit(&Volume->Devices[0], Offset, Pair$->Length);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
//# undo
    if (Pair$ != NULL) {
        StoreClosePair$(Pair$); //! del forget
        if (Pair$->ParityArea != NULL) {
            ExFreePoolWithTag(Pair$->ParityArea, STORE_TAG);
        }
        ExFreePoolWithTag(Pair$, STORE_TAG); //! see forget mdl-lock-leak; see forget mdl-leak
    }
//# leaks
    forget mdl-lock-leak
    forget mdl-leak
    lose mdl-leak
