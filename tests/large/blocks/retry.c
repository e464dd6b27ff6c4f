// The same buffer locked anew for each attempt.
//# locals
    PMDL RetryMdl$ = NULL;
    ULONG Attempt$ = 0;
    BOOLEAN Again$;
//# work
    do {
        Again$ = FALSE;
        RetryMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL); //! see lose mdl-leak
        if (RetryMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try { //! del bare
            MmProbeAndLockPages(RetryMdl$, Irp->RequestorMode, IoReadAccess); //! see bare mdl-probe-outside-try
        } __except (EXCEPTION_EXECUTE_HANDLER) { //! del bare
            status = GetExceptionCode(); //! del bare
            IoFreeMdl(RetryMdl$); //! del bare
            RetryMdl$ = NULL; //! del bare
        } //! del bare
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
        //+
        status = StoreSend(Volume, RetryMdl$, Offset, Length);
        if (status == STATUS_RETRY && Attempt$ < STORE_RETRIES) {
            Attempt$++;
            Again$ = TRUE;
            MmUnlockPages(RetryMdl$); //! del drop
            IoFreeMdl(RetryMdl$); //! see drop mdl-free-locked; del lose
            RetryMdl$ = NULL;  //! see lose mdl-leak
        } else if (!NT_SUCCESS(status)) {
            MmUnlockPages(RetryMdl$); //! only stale
            FAIL;
        }
    } while (Again$);
    //+
//# undo
    if (RetryMdl$ != NULL) {
        MmUnlockPages(RetryMdl$); //! see stale mdl-double-unlock
        IoFreeMdl(RetryMdl$);
        (VOID)MmGetMdlByteCount(RetryMdl$); //! only late; see late mdl-use-after-free
    }
