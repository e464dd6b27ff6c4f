// Parts of one locked buffer, sent one after the other.
//# locals
    PMDL MasterMdl$ = NULL;
    PMDL PartMdl$ = NULL;
    ULONG Sent$ = 0;
    ULONG Window$;
//# work
    MasterMdl$ = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (MasterMdl$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    __try {
        MmProbeAndLockPages(MasterMdl$, Irp->RequestorMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(MasterMdl$);
        MasterMdl$ = NULL; //! del stale
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    PartMdl$ = IoAllocateMdl(Buffer, min(Length, STORE_WINDOW), FALSE, FALSE, NULL);
    if (PartMdl$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    //+
    while (Sent$ < Length) {
        Window$ = min(Length - Sent$, STORE_WINDOW);
        IoBuildPartialMdl(MasterMdl$, PartMdl$, (PUCHAR)MmGetMdlVirtualAddress(MasterMdl$) + Sent$, Window$);
        status = StoreSend(Volume, PartMdl$, Offset + Sent$, Window$);
        MmPrepareMdlForReuse(PartMdl$);
        if (status == STATUS_DEVICE_BUSY) {
            continue;
        }
        if (!NT_SUCCESS(status)) {
            MmUnlockPages(PartMdl$); //! only nonpaged; see nonpaged mdl-lock-nonpaged
            IoFreeMdl(PartMdl$); //! only refree
            FAIL;
        }
        Sent$ += Window$;
    }
    //+
//# undo
    if (PartMdl$ != NULL) {
        IoFreeMdl(PartMdl$); //! del lose; see refree mdl-double-free
    }
    if (MasterMdl$ != NULL) {
        MmUnlockPages(MasterMdl$); //! del drop; see stale mdl-use-after-free; see stale mdl-unlock-not-locked
        MmUnlockPages(MasterMdl$); //! only twice; see twice mdl-double-unlock
        IoFreeMdl(MasterMdl$); //! see drop mdl-free-locked; see stale mdl-double-free
    }
//# leaks
    lose mdl-leak
