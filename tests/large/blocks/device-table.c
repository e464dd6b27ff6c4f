// A table of pointers to contexts, each allocated, each with its own MDL.
//# types
#define TABLE_DEVICES 4

typedef struct _TABLE_SLOT {
    PMDL Mdl;
    PVOID Area;
    ULONG Length;
} TABLE_SLOT;

//# helpers
static VOID StoreFreeSlot$(TABLE_SLOT *Slot)
{
    if (Slot->Mdl != NULL) {
        MmUnlockPages(Slot->Mdl); //! del drop; see again mdl-use-after-free; see again mdl-double-unlock; see stale mdl-unlock-not-locked
        IoFreeMdl(Slot->Mdl); //! see drop mdl-free-locked; del slotlose; see again mdl-double-free
    }
    if (Slot->Area != NULL) {
        ExFreePoolWithTag(Slot->Area, STORE_TAG);
    }
    ExFreePoolWithTag(Slot, STORE_TAG); //! see slotlose mdl-leak
} //! see slotlose mdl-leak

static NTSTATUS StoreMakeSlot$(ULONG Length, TABLE_SLOT **Result)
{
    NTSTATUS status = STATUS_SUCCESS;
    TABLE_SLOT *slot = ExAllocatePoolWithTag(NonPagedPool, sizeof(TABLE_SLOT), STORE_TAG);

    if (slot == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(slot, sizeof(*slot));
    slot->Length = Length;
    slot->Area = ExAllocatePoolWithTag(PagedPool, Length, STORE_TAG);
    if (slot->Area == NULL) {
        StoreFreeSlot$(slot);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    slot->Mdl = IoAllocateMdl(slot->Area, Length, FALSE, FALSE, NULL);
    if (slot->Mdl == NULL) {
        StoreFreeSlot$(slot);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    __try {
        MmProbeAndLockPages(slot->Mdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(slot->Mdl); //! del stale
        slot->Mdl = NULL; //! del stale
    }
    if (!NT_SUCCESS(status)) {
        StoreFreeSlot$(slot);
        return status;
    }
    *Result = slot;
    return STATUS_SUCCESS;
}

//# locals
    TABLE_SLOT *Slots$[TABLE_DEVICES] = {0};
    ULONG SlotIndex$;
//# work
    for (SlotIndex$ = 0; SlotIndex$ < TABLE_DEVICES && SlotIndex$ < Volume->DeviceCount; SlotIndex$++) {
        status = StoreMakeSlot$(Volume->StripeLength, &Slots$[SlotIndex$]);
        if (!NT_SUCCESS(status)) {
            FAIL;
        }
    }
    //+
    for (SlotIndex$ = 0; SlotIndex$ < TABLE_DEVICES; SlotIndex$++) {
        if (Slots$[SlotIndex$] == NULL) {
            break;
        }
        status = StoreSend(Volume, Slots$[SlotIndex$]->Mdl, Offset, Slots$[SlotIndex$]->Length);
        if (!NT_SUCCESS(status)) {
            StoreFreeSlot$(Slots$[SlotIndex$]); //! only again
            FAIL;
        }
    }
    //+
//# undo
    for (SlotIndex$ = 0; SlotIndex$ < TABLE_DEVICES; SlotIndex$++) {
        if (Slots$[SlotIndex$] != NULL) {
            StoreFreeSlot$(Slots$[SlotIndex$]); //! del forget
        }
    }
//# leaks
    forget mdl-lock-leak
    forget mdl-leak
    slotlose mdl-leak
