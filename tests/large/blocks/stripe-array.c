// One context for each device, in an array as long as the volume says.
//# types
typedef struct _ARRAY_STRIPE {
    STORE_DEVICE *Device;
    PMDL Mdl;
    PUCHAR Data;
    ULONG64 Start;
    ULONG Length;
    NTSTATUS Status;
    BOOLEAN Skip;
} ARRAY_STRIPE;

//# locals
    ARRAY_STRIPE *Stripes$ = NULL;
    ULONG StripeCount$ = Volume->DeviceCount;
    ULONG StripeIndex$;
//# work
    if (StripeCount$ == 0) {
        status = STATUS_DEVICE_NOT_READY;
        FAIL;
    }
    Stripes$ = ExAllocatePoolWithTag(NonPagedPool, sizeof(ARRAY_STRIPE) * StripeCount$, STORE_TAG);
    if (Stripes$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    RtlZeroMemory(Stripes$, sizeof(ARRAY_STRIPE) * StripeCount$);
    for (StripeIndex$ = 0; StripeIndex$ < StripeCount$; StripeIndex$++) {
        ARRAY_STRIPE *stripe = &Stripes$[StripeIndex$];

        stripe->Device = &Volume->Devices[StripeIndex$];
        if (stripe->Device->Missing) {
            stripe->Skip = TRUE;
            continue;
        }
        stripe->Start = Offset + (ULONG64)StripeIndex$ * Volume->StripeLength;
        stripe->Length = min(Length, Volume->StripeLength);
        Stripes$[StripeIndex$].Mdl = IoAllocateMdl(Buffer + StripeIndex$ * Volume->StripeLength, stripe->Length, FALSE, FALSE, NULL);
        if (Stripes$[StripeIndex$].Mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        __try {
            MmProbeAndLockPages(Stripes$[StripeIndex$].Mdl, KernelMode, IoWriteAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            IoFreeMdl(Stripes$[StripeIndex$].Mdl);
            Stripes$[StripeIndex$].Mdl = NULL; //! del stale
        }
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
        if (stripe->Device->SectorSize > stripe->Length) { //! only early
            return STATUS_BUFFER_TOO_SMALL; //! only early; see early mdl-lock-leak; see early mdl-leak
        } //! only early
    }
    //+
    for (StripeIndex$ = 0; StripeIndex$ < StripeCount$; StripeIndex$++) {
        if (Stripes$[StripeIndex$].Skip) {
            continue;
        }
        Stripes$[StripeIndex$].Data = MmGetSystemAddressForMdlSafe(Stripes$[StripeIndex$].Mdl, NormalPagePriority);
        if (Stripes$[StripeIndex$].Data == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            FAIL;
        }
        Stripes$[StripeIndex$].Status = StoreSubmit(Stripes$[StripeIndex$].Device, Stripes$[StripeIndex$].Start, Stripes$[StripeIndex$].Length);
    }
    //+
    for (StripeIndex$ = 0; StripeIndex$ < StripeCount$; StripeIndex$++) {
        if (!Stripes$[StripeIndex$].Skip && !NT_SUCCESS(Stripes$[StripeIndex$].Status)) {
            InterlockedIncrement(&Stripes$[StripeIndex$].Device->Errors);
            status = Stripes$[StripeIndex$].Status;
            FAIL;
        }
    }
//# undo
    if (Stripes$ != NULL) {
        for (StripeIndex$ = 0; StripeIndex$ < StripeCount$; StripeIndex$++) {
            if (Stripes$[StripeIndex$].Mdl != NULL) {
                MmUnlockPages(Stripes$[StripeIndex$].Mdl); //! del drop; see stale mdl-unlock-not-locked; see stale mdl-use-after-free
                MmUnlockPages(Stripes$[StripeIndex$].Mdl); //! only twice; see twice mdl-double-unlock
                IoFreeMdl(Stripes$[StripeIndex$].Mdl); //! del lose; see drop mdl-free-locked; see stale mdl-double-free
                IoFreeMdl(Stripes$[StripeIndex$].Mdl); //! only refree; see refree mdl-double-free
                if (MmGetMdlByteCount(Stripes$[StripeIndex$].Mdl) > Volume->StripeLength) { //! only late; see late mdl-use-after-free
                    InterlockedIncrement(&Stripes$[StripeIndex$].Device->Errors); //! only late
                } //! only late
            }
        }
        ExFreePoolWithTag(Stripes$, STORE_TAG); //! see lose mdl-leak
    }
//# leaks
    lose mdl-leak
