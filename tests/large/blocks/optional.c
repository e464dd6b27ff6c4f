// Buffers that may be there, and the MDL itself asked what became of it.
//# locals
    PMDL LogMdl$ = NULL;
    PMDL MapMdl$ = NULL;
    PUCHAR LogArea$ = NULL;
    PUCHAR MapArea$ = NULL;
//# work
    if (Volume->LogLength != 0 && !Volume->ReadOnly) {
        LogArea$ = ExAllocatePoolWithTag(PagedPool, Volume->LogLength, STORE_TAG);
        if (LogArea$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        LogMdl$ = IoAllocateMdl(LogArea$, Volume->LogLength, FALSE, FALSE, NULL);
        if (LogMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try {
            MmProbeAndLockPages(LogMdl$, KernelMode, IoModifyAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            MmUnlockPages(LogMdl$); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode();
        }
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
    if (FlagOn(Flags, STORE_VERIFY) && Volume->MapLength != 0) {
        MapArea$ = ExAllocatePoolWithTag(NonPagedPool, Volume->MapLength, STORE_TAG);
        if (MapArea$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        MapMdl$ = IoAllocateMdl(MapArea$, Volume->MapLength, FALSE, FALSE, NULL);
        if (MapMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        MmBuildMdlForNonPagedPool(MapMdl$);
        status = StoreSend(Volume, MapMdl$, Offset, Volume->MapLength);
        if (!NT_SUCCESS(status)) {
            MmUnlockPages(MapMdl$); //! only nonpaged; see nonpaged mdl-lock-nonpaged
            FAIL;
        }
    }
    //+
    if (LogMdl$ != NULL && LogArea$[0] == 0) { //! only early
        return STATUS_LOG_FILE_FULL; //! only early; see early mdl-lock-leak; see early mdl-leak
    } //! only early
//# undo
    if (MapMdl$ != NULL) {
        IoFreeMdl(MapMdl$); //! del lose
        IoFreeMdl(MapMdl$); //! only refree; see refree mdl-double-free
    }
    if (MapArea$ != NULL) {
        ExFreePoolWithTag(MapArea$, STORE_TAG);
    }
    if (LogMdl$ != NULL) {
        if (LogMdl$->MdlFlags & MDL_PAGES_LOCKED) { //! del unasked
            MmUnlockPages(LogMdl$); //! del unasked; del drop
        } //! del unasked
        MmUnlockPages(LogMdl$); //! only unasked; see unasked mdl-unlock-not-locked
        IoFreeMdl(LogMdl$); //! see drop mdl-free-locked
    }
    if (LogArea$ != NULL) {
        ExFreePoolWithTag(LogArea$, STORE_TAG);
    }
//# leaks
    lose mdl-leak
