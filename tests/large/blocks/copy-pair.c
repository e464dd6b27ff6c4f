// From one buffer to another, both locked in nested blocks, a state for each.
//# locals
    PMDL FromMdl$ = NULL;
    PMDL ToMdl$ = NULL;
    ULONG CopyState$ = 0;
    PUCHAR From$;
    PUCHAR To$;
//# work
    FromMdl$ = IoAllocateMdl(Buffer, Length / 2, FALSE, FALSE, NULL);
    if (FromMdl$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    ToMdl$ = IoAllocateMdl(Buffer + Length / 2, Length / 2, FALSE, FALSE, NULL);
    if (ToMdl$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    __try {
        MmProbeAndLockPages(FromMdl$, Irp->RequestorMode, IoReadAccess);
        CopyState$ |= STORE_FROM_LOCKED;
        __try {
            MmProbeAndLockPages(ToMdl$, Irp->RequestorMode, IoWriteAccess);
            CopyState$ |= STORE_TO_LOCKED;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            MmUnlockPages(ToMdl$); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
    From$ = MmGetSystemAddressForMdlSafe(FromMdl$, NormalPagePriority);
    To$ = MmGetSystemAddressForMdlSafe(ToMdl$, NormalPagePriority);
    if (From$ == NULL || To$ == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES; //! only early; see early mdl-lock-leak; see early mdl-leak
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    RtlCopyMemory(To$, From$, Length / 2);
    //+
    MmUnlockPages(ToMdl$);
    CopyState$ &= ~STORE_TO_LOCKED; //! del uncleared
    status = StoreSubmit(&Volume->Devices[0], Offset, Length / 2);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
//# undo
    if (CopyState$ & STORE_TO_LOCKED) {
        MmUnlockPages(ToMdl$); //! see uncleared mdl-double-unlock
    }
    if (CopyState$ & STORE_FROM_LOCKED) {
        MmUnlockPages(FromMdl$); //! del drop
        MmUnlockPages(FromMdl$); //! only twice; see twice mdl-double-unlock
    }
    if (ToMdl$ != NULL) {
        IoFreeMdl(ToMdl$); //! del lose
    }
    if (FromMdl$ != NULL) {
        IoFreeMdl(FromMdl$); //! see drop mdl-free-locked
    }
//# leaks
    lose mdl-leak
