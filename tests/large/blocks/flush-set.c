// The superblocks of every device: nested loops, a count of what is ready.
//# types
typedef struct _FLUSH_ITEM {
    PMDL Mdl;
    PUCHAR Block;
    LONG Result;
} FLUSH_ITEM;

typedef struct _FLUSH_SET {
    ULONG Ready;
    ULONG Capacity;
    FLUSH_ITEM Items[1];
} FLUSH_SET;

//# locals
    FLUSH_SET *Flush$ = NULL;
    ULONG Copy$;
    ULONG Disk$;
    FLUSH_ITEM *Item$;
//# work
    Flush$ = ExAllocatePoolWithTag(NonPagedPool, sizeof(FLUSH_SET) + sizeof(FLUSH_ITEM) * Volume->DeviceCount * STORE_COPIES, STORE_TAG);
    if (Flush$ == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        FAIL;
    }
    Flush$->Ready = 0;
    Flush$->Capacity = Volume->DeviceCount * STORE_COPIES;
    for (Disk$ = 0; Disk$ < Volume->DeviceCount; Disk$++) {
        for (Copy$ = 0; Copy$ < STORE_COPIES; Copy$++) {
            if (Volume->Devices[Disk$].ReadOnly || Volume->Devices[Disk$].Missing) {
                break;
            }
            Item$ = &Flush$->Items[Flush$->Ready];
            Item$->Block = Buffer + Copy$ * STORE_BLOCK;
            Item$->Result = 0;
            Item$->Mdl = IoAllocateMdl(Item$->Block, STORE_BLOCK, FALSE, FALSE, NULL);
            if (Item$->Mdl == NULL) {
                status = STATUS_INSUFFICIENT_RESOURCES;
                FAIL;
            }
            __try {
                MmProbeAndLockPages(Item$->Mdl, KernelMode, IoReadAccess);
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                MmUnlockPages(Item$->Mdl); //! only handler; see handler mdl-unlock-not-locked
                status = GetExceptionCode();
            }
            if (!NT_SUCCESS(status)) {
                IoFreeMdl(Item$->Mdl); //! del lose
                FAIL; //! see lose mdl-leak
            }
            if (Item$->Block[0] == 0) {
                MmUnlockPages(Item$->Mdl); //! del busy
                IoFreeMdl(Item$->Mdl); //! see busy mdl-free-locked
                Item$->Mdl = NULL;
                continue;
            }
            Flush$->Ready++;
        }
    }
    //+
    for (Disk$ = 0; Disk$ < Flush$->Ready; Disk$++) {
        status = StoreSend(Volume, Flush$->Items[Disk$].Mdl, Offset, STORE_BLOCK);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
//# undo
    if (Flush$ != NULL) {
        while (Flush$->Ready > 0) {
            Flush$->Ready--;
            MmUnlockPages(Flush$->Items[Flush$->Ready].Mdl); //! del drop
            IoFreeMdl(Flush$->Items[Flush$->Ready].Mdl); //! see drop mdl-free-locked
        }
        ExFreePoolWithTag(Flush$, STORE_TAG); //! see lose mdl-leak
    }
//# leaks
    lose mdl-leak
