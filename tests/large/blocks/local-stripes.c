// A context on the stack with room for the most stripes there may be.
//# types
#define LOCAL_STRIPES 8

typedef struct _LOCAL_STRIPE {
    PMDL mdl;
    ULONG Length;
    BOOLEAN Locked;
} LOCAL_STRIPE;

typedef struct _LOCAL_CONTEXT {
    KEVENT Event;
    LONG Left;
    LOCAL_STRIPE stripes[LOCAL_STRIPES];
} LOCAL_CONTEXT;

//# helpers
static NTSTATUS StoreFillLocal$(STORE_VOLUME *Volume, LOCAL_CONTEXT *Context, PUCHAR Buffer, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < Count; i++) {
        LOCAL_STRIPE *stripe = &Context->stripes[i];

        stripe->Length = Volume->StripeLength;
        stripe->mdl = IoAllocateMdl(Buffer + i * stripe->Length, stripe->Length, FALSE, FALSE, NULL);
        if (stripe->mdl == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        __try {
            MmProbeAndLockPages(stripe->mdl, KernelMode, IoReadAccess);
            stripe->Locked = TRUE;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            MmUnlockPages(stripe->mdl); //! only handler; see handler mdl-unlock-not-locked
            status = GetExceptionCode();
        }
        if (!NT_SUCCESS(status)) {
            break;
        }
    }
    return status;
}

static VOID StoreDropLocal$(LOCAL_CONTEXT *Context, ULONG Count)
{
    ULONG i;

    for (i = 0; i < Count; i++) {
        if (Context->stripes[i].Locked) { //! del unasked
            MmUnlockPages(Context->stripes[i].mdl); //! del unasked; del drop
            Context->stripes[i].Locked = FALSE; //! del unasked
        } //! del unasked
        if (Context->stripes[i].mdl != NULL) {
            MmUnlockPages(Context->stripes[i].mdl); //! only unasked; see unasked mdl-unlock-not-locked
            IoFreeMdl(Context->stripes[i].mdl); //! see drop mdl-free-locked; see again mdl-double-free
            Context->stripes[i].mdl = NULL; //! del again
        }
    }
}

//# locals
    LOCAL_CONTEXT Local$;
    ULONG LocalCount$ = 0;
//# work
    RtlZeroMemory(&Local$, sizeof(Local$));
    KeInitializeEvent(&Local$.Event, NotificationEvent, FALSE);
    LocalCount$ = min(Volume->DeviceCount, LOCAL_STRIPES);
    status = StoreFillLocal$(Volume, &Local$, Buffer, LocalCount$);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
    //+
    status = StoreWaitDevices(Volume, &Local$.Event, LocalCount$);
    if (!NT_SUCCESS(status)) {
        StoreDropLocal$(&Local$, LocalCount$); //! only again
        return status; //! only early; see early mdl-lock-leak; see early mdl-leak
        FAIL;
    }
    //+
//# undo
    StoreDropLocal$(&Local$, LocalCount$); //! del forget
//# leaks
    forget mdl-lock-leak
    forget mdl-leak
