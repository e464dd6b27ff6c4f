// A chain of MDLs, taken apart link by link.
//# locals
    PMDL ChainHead$ = NULL;
    PMDL ChainLast$ = NULL;
    PMDL Link$;
    PMDL NextLink$;
    ULONG ChainAt$ = 0;
//# work
    while (ChainAt$ < Length) {
        Link$ = IoAllocateMdl(Buffer + ChainAt$, min(Length - ChainAt$, STORE_WINDOW), FALSE, FALSE, NULL);
        if (Link$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try {
            MmProbeAndLockPages(Link$, KernelMode, IoReadAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            MmUnlockPages(Link$); //! only handler; see handler mdl-unlock-not-locked
            IoFreeMdl(Link$); //! del lose
            Link$ = NULL; //! see lose mdl-leak
        }
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
        Link$->Next = NULL;
        if (ChainLast$ == NULL) {
            ChainHead$ = Link$;
        } else {
            ChainLast$->Next = Link$;
        }
        ChainLast$ = Link$;
        ChainAt$ += MmGetMdlByteCount(Link$);
    }
    //+
    if (ChainHead$ != NULL) {
        status = StoreSend(Volume, ChainHead$, Offset, Length);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
//# undo
    for (Link$ = ChainHead$; Link$ != NULL; Link$ = NextLink$) {
        NextLink$ = Link$->Next; //! del late
        MmUnlockPages(Link$); //! del drop
        IoFreeMdl(Link$); //! see drop mdl-free-locked
        NextLink$ = Link$->Next; //! only late; see late mdl-use-after-free
    }
//# leaks
    late mdl-lock-leak
