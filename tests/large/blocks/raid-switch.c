// Each kind of volume locks what it needs; every label of the way out asks.
//# locals
    PMDL MainMdl$ = NULL;
    PMDL MirrorMdl$ = NULL;
    PMDL CheckMdl$ = NULL;
    BOOLEAN MainLocked$ = FALSE;
    BOOLEAN MirrorLocked$ = FALSE;
    BOOLEAN CheckLocked$ = FALSE;
//# work
    switch (Volume->RaidType) {
    case STORE_SINGLE:
    case STORE_RAID0:
        MainMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (MainMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try {
            MmProbeAndLockPages(MainMdl$, KernelMode, IoReadAccess);
            MainLocked$ = TRUE; //! del unset
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        break;

    case STORE_RAID1:
    case STORE_RAID10:
        MainMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        MirrorMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (MainMdl$ == NULL || MirrorMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try { //! del bare
            MmProbeAndLockPages(MainMdl$, KernelMode, IoReadAccess); //! see bare mdl-probe-outside-try
            MainLocked$ = TRUE;
            MmProbeAndLockPages(MirrorMdl$, KernelMode, IoReadAccess); //! see bare mdl-probe-outside-try
            MirrorLocked$ = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) { //! del bare
            MmUnlockPages(MirrorMdl$); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode(); //! del bare
        } //! del bare
        break;

    case STORE_RAID5:
    case STORE_RAID6:
        CheckMdl$ = IoAllocateMdl(Buffer, Volume->StripeLength, FALSE, FALSE, NULL);
        if (CheckMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try {
            MmProbeAndLockPages(CheckMdl$, KernelMode, IoModifyAccess);
            CheckLocked$ = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        if (NT_SUCCESS(status) && Volume->Size < Offset + Length) { //! only early
            return STATUS_END_OF_FILE; //! only early; see early mdl-lock-leak; see early mdl-leak
        } //! only early
        break;

    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
    if (MirrorLocked$ && FlagOn(Flags, STORE_VERIFY)) {
        status = StoreSubmit(&Volume->Devices[1], Offset, MmGetMdlByteCount(MirrorMdl$));
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
//# undo
    if (CheckMdl$ != NULL) {
        if (CheckLocked$) {
            MmUnlockPages(CheckMdl$); //! del drop
        }
        IoFreeMdl(CheckMdl$); //! see drop mdl-free-locked
    }
    if (MirrorMdl$ != NULL) {
        if (MainLocked$) { //! only mixed
            MmUnlockPages(MirrorMdl$); //! only mixed; see mixed mdl-unlock-not-locked
        } //! only mixed
        if (MirrorLocked$) { //! del mixed
            MmUnlockPages(MirrorMdl$); //! del mixed
        } //! del mixed
        IoFreeMdl(MirrorMdl$); //! del lose
    }
    if (MainMdl$ != NULL) {
        if (MainLocked$) {
            MmUnlockPages(MainMdl$);
            MmUnlockPages(MainMdl$); //! only twice; see twice mdl-double-unlock
        }
        IoFreeMdl(MainMdl$); //! see unset mdl-free-locked
        IoFreeMdl(MainMdl$); //! only refree; see refree mdl-double-free
    }
//# leaks
    lose mdl-leak
