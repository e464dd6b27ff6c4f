#include <ntddk.h>

typedef struct _LOCKED {
    PMDL Mdl;
    PVOID Address;
    BOOLEAN IsLocked;
} LOCKED, *PLOCKED;

PMDL helper_make(PVOID Buffer, ULONG Length);
NTSTATUS helper_lock(PMDL Mdl);
NTSTATUS helper_make_locked(PVOID Buffer, ULONG Length, PMDL *Mdl);
NTSTATUS helper_open(PVOID Buffer, ULONG Length, PLOCKED Locked);
VOID helper_close(PLOCKED Locked);
VOID helper_free(PMDL Mdl);
BOOLEAN helper_try_lock(PMDL Mdl);
