#include <ntddk.h>

#define WINDOW_COUNT 4

typedef struct _WINDOW {
    PMDL Mdl;
    BOOLEAN Locked;
} WINDOW, *PWINDOW;

static BOOLEAN helper_try_lock(PMDL Mdl, LOCK_OPERATION Operation)
{
    BOOLEAN result = TRUE;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        result = FALSE;
    }
    return result;
}

NTSTATUS bad_result_of_helper_ignored(PVOID Base, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    helper_try_lock(mdl, IoReadAccess);
    MmUnlockPages(mdl); // expect: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

NTSTATUS good_result_of_helper_tested(PVOID Base, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, NULL);

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    if (helper_try_lock(mdl, IoReadAccess))
        MmUnlockPages(mdl); // ok: mdl-unlock-not-locked
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* The second lock may fail; its MDL is unlocked all the same. */
NTSTATUS bad_second_of_two(PVOID Input, PVOID Output, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL in = IoAllocateMdl(Input, Length, FALSE, FALSE, NULL);
    PMDL out = IoAllocateMdl(Output, Length, FALSE, FALSE, NULL);

    if (in == NULL || out == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Free;
    }
    if (!helper_try_lock(in, IoReadAccess)) {
        status = STATUS_INVALID_USER_BUFFER;
        goto Free;
    }
    if (!helper_try_lock(out, IoWriteAccess)) {
        status = STATUS_INVALID_USER_BUFFER;
    }

    MmUnlockPages(out); // expect: mdl-unlock-not-locked
    MmUnlockPages(in);
Free:
    if (out != NULL)
        IoFreeMdl(out);
    if (in != NULL)
        IoFreeMdl(in);
    return status;
}

NTSTATUS good_second_of_two(PVOID Input, PVOID Output, ULONG Length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PMDL in = IoAllocateMdl(Input, Length, FALSE, FALSE, NULL);
    PMDL out = IoAllocateMdl(Output, Length, FALSE, FALSE, NULL);

    if (in == NULL || out == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Free;
    }
    if (!helper_try_lock(in, IoReadAccess)) {
        status = STATUS_INVALID_USER_BUFFER;
        goto Free;
    }
    if (!helper_try_lock(out, IoWriteAccess)) {
        status = STATUS_INVALID_USER_BUFFER;
        goto UnlockInput;
    }

    MmUnlockPages(out); // ok: mdl-unlock-not-locked
UnlockInput:
    MmUnlockPages(in); // ok: mdl-unlock-not-locked
Free:
    if (out != NULL)
        IoFreeMdl(out);
    if (in != NULL)
        IoFreeMdl(in);
    return status;
}

/* A flag for each element of the array. */
NTSTATUS good_array_with_flags(PUCHAR Base)
{
    WINDOW windows[WINDOW_COUNT];
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    RtlZeroMemory(windows, sizeof(windows));
    for (i = 0; i < WINDOW_COUNT; i++) {
        windows[i].Mdl = IoAllocateMdl(Base + i * PAGE_SIZE, PAGE_SIZE, FALSE, FALSE, NULL);
        if (windows[i].Mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        windows[i].Locked = helper_try_lock(windows[i].Mdl, IoReadAccess);
    }

    for (i = 0; i < WINDOW_COUNT; i++) {
        if (windows[i].Locked)
            MmUnlockPages(windows[i].Mdl); // ok: mdl-unlock-not-locked
        if (windows[i].Mdl != NULL)
            IoFreeMdl(windows[i].Mdl);
    }
    return status;
}
