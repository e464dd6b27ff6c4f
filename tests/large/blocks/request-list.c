// A list of allocated requests, each with an MDL, drained on the way out.
//# types
typedef struct _LIST_REQUEST {
    LIST_ENTRY Link;
    PMDL Mdl;
    ULONG64 Start;
    ULONG Length;
} LIST_REQUEST;

//# locals
    LIST_ENTRY Requests$;
    LIST_REQUEST *Request$;
    PLIST_ENTRY Entry$;
    ULONG Done$ = 0;
    ULONG Part$;
//# start
    InitializeListHead(&Requests$);
//# work
    while (Done$ < Length) {
        Part$ = min(Length - Done$, Volume->StripeLength);
        Request$ = ExAllocatePoolWithTag(NonPagedPool, sizeof(LIST_REQUEST), STORE_TAG);
        if (Request$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        RtlZeroMemory(Request$, sizeof(LIST_REQUEST));
        Request$->Start = Offset + Done$;
        Request$->Length = Part$;
        Request$->Mdl = IoAllocateMdl(Buffer + Done$, Part$, FALSE, FALSE, NULL);
        if (Request$->Mdl == NULL) {
            ExFreePoolWithTag(Request$, STORE_TAG);
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try { //! del bare
            MmProbeAndLockPages(Request$->Mdl, KernelMode, IoReadAccess); //! see bare mdl-probe-outside-try
        } __except (EXCEPTION_EXECUTE_HANDLER) { //! del bare
            status = GetExceptionCode(); //! del bare
            MmUnlockPages(Request$->Mdl); //! only handler; see handler mdl-unlock-not-locked
        } //! del bare
        if (!NT_SUCCESS(status)) {
            IoFreeMdl(Request$->Mdl); //! del lose
            ExFreePoolWithTag(Request$, STORE_TAG); //! see lose mdl-leak
            FAIL; //! see lose mdl-leak
        }
        if (Request$->Start >= Volume->Size) {
            MmUnlockPages(Request$->Mdl); //! del drop
            IoFreeMdl(Request$->Mdl); //! see drop mdl-free-locked
            ExFreePoolWithTag(Request$, STORE_TAG);
            status = STATUS_END_OF_FILE;
            FAIL;
        }
        InsertTailList(&Requests$, &Request$->Link);
        Done$ += Part$;
    }
    //+
    for (Entry$ = Requests$.Flink; Entry$ != &Requests$; Entry$ = Entry$->Flink) {
        Request$ = CONTAINING_RECORD(Entry$, LIST_REQUEST, Link);
        status = StoreSubmit(&Volume->Devices[0], Request$->Start, Request$->Length);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
//# undo
    while (!IsListEmpty(&Requests$)) {
        Entry$ = RemoveHeadList(&Requests$);
        Request$ = CONTAINING_RECORD(Entry$, LIST_REQUEST, Link);
        MmUnlockPages(Request$->Mdl);
        MmUnlockPages(Request$->Mdl); //! only twice; see twice mdl-double-unlock
        IoFreeMdl(Request$->Mdl);
        IoFreeMdl(Request$->Mdl); //! only refree; see refree mdl-double-free
        ExFreePoolWithTag(Request$, STORE_TAG);
    }
//# leaks
    lose mdl-leak
