/* Of a build in which sections are set. */
#define ALLOC_PRAGMA 1
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    KDPC Dpc;
    ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

KDEFERRED_ROUTINE helper_paged_users;
KDEFERRED_ROUTINE bad_dpc_in_page;
DRIVER_UNLOAD good_unload_in_page;

static VOID helper_read_settings(PDEVICE_EXTENSION Ext);
static VOID helper_initialise(PDEVICE_EXTENSION Ext);
VOID bad_raises_in_page(PDEVICE_EXTENSION Ext);
VOID good_raises_in_page_by_helper(PDEVICE_EXTENSION Ext);
VOID bad_acquired_by_helper(PDEVICE_EXTENSION Ext);
VOID good_mutex_in_page(PDEVICE_EXTENSION Ext);
VOID helper_locked_section(PDEVICE_EXTENSION Ext);
VOID helper_in_foreign_paged(PDEVICE_EXTENSION Ext);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, helper_initialise)
#pragma alloc_text(PAGE, helper_read_settings, bad_dpc_in_page, good_unload_in_page)
#pragma alloc_text(PAGE, bad_raises_in_page, good_raises_in_page_by_helper)
#pragma alloc_text(PAGE, bad_acquired_by_helper, good_mutex_in_page)
#pragma alloc_text(PAGELK, helper_locked_section)
#pragma alloc_text("NPAGE", helper_in_foreign_paged)
#endif

static VOID helper_read_settings(PDEVICE_EXTENSION Ext)
{
    Ext->Count = 0;
}

static VOID helper_initialise(PDEVICE_EXTENSION Ext)
{
    Ext->Count = 1;
}

VOID bad_call_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_read_settings(Ext); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_call_before_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    helper_read_settings(Ext); // ok: paged-code-at-dispatch
    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_call_under_fast_mutex(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex);
    helper_read_settings(Ext); // ok: paged-code-at-dispatch
    ExReleaseFastMutex(&Ext->Mutex);
}

/* INIT is thrown away later; until then it stays where it is. */
VOID good_init_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_initialise(Ext); // ok: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID helper_paged_users(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    helper_read_settings(Context); // expect: paged-code-at-dispatch
}

VOID bad_dpc_in_page(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) // expect: paged-code-at-dispatch
{
    PDEVICE_EXTENSION ext = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ext->Count++;
}

VOID good_unload_in_page(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_EXTENSION ext = DriverObject->DeviceObject->DeviceExtension;

    helper_read_settings(ext); // ok: paged-code-at-dispatch
}

/* The page with the rest of the function may be the next one. */
VOID bad_raises_in_page(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql); // expect: paged-code-at-dispatch
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

static VOID helper_count(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* What is done under the lock stands in memory. */
VOID good_raises_in_page_by_helper(PDEVICE_EXTENSION Ext)
{
    helper_count(Ext); // ok: paged-code-at-dispatch
}

static KIRQL helper_acquire(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    return irql;
}

VOID bad_acquired_by_helper(PDEVICE_EXTENSION Ext)
{
    KIRQL irql = helper_acquire(Ext); // expect: paged-code-at-dispatch

    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

VOID good_mutex_in_page(PDEVICE_EXTENSION Ext)
{
    ExAcquireFastMutex(&Ext->Mutex); // ok: paged-code-at-dispatch
    Ext->Count++;
    ExReleaseFastMutex(&Ext->Mutex);
}

/* Whether somebody locks PAGELK into memory is not seen from here. */
VOID helper_locked_section(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

VOID good_other_section_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_locked_section(Ext); // ok: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Only names that begin with PAGE are paged. */
VOID helper_in_foreign_paged(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

VOID good_foreign_section_under_lock(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_in_foreign_paged(Ext); // ok: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* By the declaration, and by the pragmas around it. */
__declspec(code_seg("PAGE")) VOID helper_by_declspec(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

__attribute__((section("PAGE"))) VOID helper_by_attribute(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}

#pragma code_seg(push, before, "PAGE")
VOID helper_by_pragma(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}
#pragma code_seg(pop, before)

VOID good_after_pragma(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql); // ok: paged-code-at-dispatch
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

#pragma code_seg("PAGE")
VOID helper_by_plain_pragma(PDEVICE_EXTENSION Ext)
{
    Ext->Count++;
}
#pragma code_seg()

VOID bad_every_way_to_say_it(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_by_declspec(Ext); // expect: paged-code-at-dispatch
    helper_by_attribute(Ext); // expect: paged-code-at-dispatch
    helper_by_pragma(Ext); // expect: paged-code-at-dispatch
    helper_by_plain_pragma(Ext); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Says that somebody locks it into memory. */
__declspec(code_seg("PAGE")) VOID good_says_it_is_locked(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    PAGED_CODE_LOCKED();
    KeAcquireSpinLock(&Ext->Lock, &irql); // ok: paged-code-at-dispatch
    Ext->Count++;
    KeReleaseSpinLock(&Ext->Lock, irql);
}

/* Told where it is called, and not at the macro, too. */
__declspec(code_seg("PAGE")) VOID helper_says_it_twice(PDEVICE_EXTENSION Ext)
{
    PAGED_CODE();
    Ext->Count++;
}

VOID bad_said_twice(PDEVICE_EXTENSION Ext)
{
    KIRQL irql;

    KeAcquireSpinLock(&Ext->Lock, &irql);
    helper_says_it_twice(Ext); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&Ext->Lock, irql);
}
