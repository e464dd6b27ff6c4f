// A long buffer through one MDL at a time.
//# locals
    PMDL WindowMdl$ = NULL;
    BOOLEAN WindowLocked$ = FALSE;
    ULONG WindowAt$;
    ULONG WindowSize$ = 0;
    PUCHAR WindowData$;
//# work
    for (WindowAt$ = 0; WindowAt$ < Length; WindowAt$ += WindowSize$) {
        WindowSize$ = min(Length - WindowAt$, STORE_WINDOW);
        WindowMdl$ = IoAllocateMdl(Buffer + WindowAt$, WindowSize$, FALSE, FALSE, NULL); //! see lose mdl-leak
        if (WindowMdl$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        __try {
            MmProbeAndLockPages(WindowMdl$, KernelMode, IoReadAccess);
            WindowLocked$ = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            IoFreeMdl(WindowMdl$); //! only stale
        }
        if (!NT_SUCCESS(status)) {
            break;
        }
        WindowData$ = MmGetSystemAddressForMdlSafe(WindowMdl$, LowPagePriority);
        if (WindowData$ == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        //+
        if (WindowData$[0] == 0 && WindowData$[WindowSize$ - 1] == 0) {
            if (FlagOn(Flags, STORE_STOP_AT_ZERO)) { //! only early
                return STATUS_END_OF_FILE; //! only early; see early mdl-lock-leak; see early mdl-leak
            } //! only early
            Volume->ZeroWindows++;
        } else {
            status = StoreSubmit(&Volume->Devices[WindowAt$ % Volume->DeviceCount], Offset + WindowAt$, WindowSize$);
            if (status == STATUS_VERIFY_REQUIRED) {
                MmUnlockPages(WindowMdl$); //! del busy
                WindowLocked$ = FALSE; //! del busy
                IoFreeMdl(WindowMdl$); //! see busy mdl-free-locked
                WindowMdl$ = NULL;
                status = STATUS_SUCCESS;
                continue;
            }
            if (!NT_SUCCESS(status)) {
                break;
            }
        }
        MmUnlockPages(WindowMdl$); //! del drop
        WindowLocked$ = FALSE; //! del unset; del drop
        IoFreeMdl(WindowMdl$); //! see drop mdl-free-locked; del lose
        WindowMdl$ = NULL; //! del unset; see lose mdl-leak
    }
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
//# undo
    if (WindowLocked$) {
        MmUnlockPages(WindowMdl$); //! see unset mdl-use-after-free; see unset mdl-unlock-not-locked; see unset mdl-double-unlock; see drop mdl-unlock-not-locked; see drop mdl-use-after-free; see busy mdl-use-after-free; see busy mdl-unlock-not-locked; see drop mdl-alloc-unchecked; see busy mdl-alloc-unchecked
    }
    if (WindowMdl$ != NULL) {
        IoFreeMdl(WindowMdl$); //! see unset mdl-double-free; see stale mdl-double-free
    }
