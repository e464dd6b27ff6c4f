#include <ntddk.h>

typedef struct _BUFFER_ENTRY {
    LIST_ENTRY Link;
    PMDL Good;
    PMDL Bad;
} BUFFER_ENTRY, *PBUFFER_ENTRY;

typedef struct _DEVICE {
    PDEVICE_OBJECT Lower;
    LIST_ENTRY Buffers;
    KSPIN_LOCK Lock;
    PMDL GoodShared;      /* unlocked and freed in close.c */
    PMDL BadShared;       /* nobody unlocks it */
    PMDL BadHeader;       /* nobody frees it */
    PMDL GoodParts[4];    /* freed in a loop */
    PMDL BadParts[4];     /* counted in a loop */
    PMDL GoodCopied;      /* moved elsewhere, and freed from there */
    PMDL GoodThrough;     /* released through a pointer to the member */
    PMDL GoodHandedOut;   /* given to whoever asks */
} DEVICE, *PDEVICE;

PMDL helper_locked(PVOID Buffer, ULONG Length);
NTSTATUS helper_lock_into(PVOID Buffer, ULONG Length, PMDL *Out);
VOID helper_release_at(PMDL *Where);
