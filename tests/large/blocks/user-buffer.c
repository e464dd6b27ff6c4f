// The caller's buffer, locked unless the request pages; a flag says so.
//# locals
    PMDL UserMdl$ = NULL;
    BOOLEAN UserLocked$ = FALSE;
    PUCHAR UserData$ = NULL;
//# work
    if (Length != 0 && !FlagOn(Flags, STORE_PAGING_IO)) {
        UserMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
        if (UserMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try { //! del bare
            MmProbeAndLockPages(UserMdl$, Irp->RequestorMode, IoWriteAccess); //! see bare mdl-probe-outside-try
            UserLocked$ = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) { //! del bare
            MmUnlockPages(UserMdl$); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode(); //! del bare
        } //! del bare
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
        //+
        if (FlagOn(Flags, STORE_NO_MAP) && Volume->ReadOnly) { //! only early
            return STATUS_MEDIA_WRITE_PROTECTED; //! only early; see early mdl-lock-leak; see early mdl-leak
        } //! only early
        UserData$ = MmGetSystemAddressForMdlSafe(UserMdl$, NormalPagePriority);
        if (UserData$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
    } else {
        UserData$ = Buffer;
    }
    //+
    if (UserData$ != NULL && Length >= sizeof(ULONG)) {
        Volume->Generation += *(PULONG)UserData$;
    }
//# undo
    if (UserLocked$) { //! del unasked
        MmUnlockPages(UserMdl$); //! del drop; del unasked
        MmUnlockPages(UserMdl$); //! only twice; see twice mdl-double-unlock
    } //! del unasked
    if (UserMdl$ != NULL) { //! only unasked
        MmUnlockPages(UserMdl$); //! only unasked; see unasked mdl-unlock-not-locked
    } //! only unasked
    if (UserMdl$ != NULL) {
        IoFreeMdl(UserMdl$); //! del lose; see drop mdl-free-locked
    }
//# leaks
    lose mdl-leak
