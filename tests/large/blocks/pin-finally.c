// Pinned while a lock is held; the termination handler gives both back.
//# locals
    PMDL PinMdl$ = NULL;
    BOOLEAN Pinned$ = FALSE;
    BOOLEAN Shared$ = FALSE;
//# work
    __try {
        __try {
            ExAcquireResourceSharedLite(&Volume->TreeLock, TRUE);
            Shared$ = TRUE;
            PinMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
            if (PinMdl$ == NULL) {
                status = STATUS_INSUFFICIENT_RESOURCES;
                __leave;
            }
            MmProbeAndLockPages(PinMdl$, Irp->RequestorMode, IoReadAccess);
            Pinned$ = TRUE;
            status = StoreSend(Volume, PinMdl$, Offset, Length);
            if (!NT_SUCCESS(status)) {
                __leave;
            }
            if (Volume->Generation != Volume->Committed) {
                status = StoreCommit(Volume);
            }
        } __finally {
            if (Pinned$) { //! del unasked
                MmUnlockPages(PinMdl$); //! del drop; del unasked
                MmUnlockPages(PinMdl$); //! only twice; see twice mdl-double-unlock
            } //! del unasked
            if (PinMdl$ != NULL) {
                MmUnlockPages(PinMdl$); //! only unasked; see unasked mdl-unlock-not-locked
                IoFreeMdl(PinMdl$); //! see drop mdl-free-locked; del lose
                PinMdl$ = NULL; //! del again; see lose mdl-leak
            }
            if (Shared$) {
                ExReleaseResourceLite(&Volume->TreeLock);
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        if (PinMdl$ != NULL) { //! only again
            IoFreeMdl(PinMdl$); //! only again; see again mdl-double-free
        } //! only again
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
