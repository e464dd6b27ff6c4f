// Helpers that give a locked MDL and take it back, for several buffers.
//# helpers
static NTSTATUS StoreLock$(PVOID Address, ULONG Length, LOCK_OPERATION Operation, PMDL *Mdl)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl;

    *Mdl = NULL;
    mdl = IoAllocateMdl(Address, Length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(mdl, KernelMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        MmUnlockPages(mdl); //! only handler; see handler mdl-unlock-not-locked
        status = GetExceptionCode();
        IoFreeMdl(mdl); //! del lose
    }
    if (NT_SUCCESS(status)) {
        *Mdl = mdl;
    }
    return status; //! see lose mdl-leak
}

static VOID StoreUnlock$(PMDL Mdl)
{
    if (Mdl != NULL) {
        MmUnlockPages(Mdl); //! del drop; see again mdl-use-after-free; see again mdl-double-unlock
        IoFreeMdl(Mdl); //! see drop mdl-free-locked; see again mdl-double-free
    }
}

//# locals
    PMDL HeadMdl$ = NULL;
    PMDL BodyMdl$ = NULL;
    PMDL TailMdl$ = NULL;
    ULONG HeadLength$ = 0;
    ULONG TailLength$ = 0;
//# work
    HeadLength$ = (ULONG)(Offset % Volume->StripeLength);
    if (HeadLength$ != 0) {
        status = StoreLock$(Buffer, HeadLength$, IoModifyAccess, &HeadMdl$);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    status = StoreLock$(Buffer + HeadLength$, Length, IoReadAccess, &BodyMdl$);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
    TailLength$ = (ULONG)((Offset + Length) % Volume->StripeLength);
    if (TailLength$ != 0 && (Volume->RaidType == STORE_RAID5 || FlagOn(Flags, STORE_VERIFY))) {
        status = StoreLock$(Buffer + Length - TailLength$, TailLength$, IoModifyAccess, &TailMdl$);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
    if (HeadMdl$ != NULL) {
        status = StoreSend(Volume, HeadMdl$, Offset, HeadLength$);
        StoreUnlock$(HeadMdl$);
        HeadMdl$ = NULL; //! del again
        if (!NT_SUCCESS(status)) {
            return status; //! only early; see early mdl-lock-leak; see early mdl-leak
            FAIL;
        }
    }
    status = StoreSend(Volume, BodyMdl$, Offset + HeadLength$, Length);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
//# undo
    StoreUnlock$(TailMdl$); //! del forget
    StoreUnlock$(BodyMdl$);
    StoreUnlock$(HeadMdl$);
//# leaks
    forget mdl-lock-leak
    forget mdl-leak
