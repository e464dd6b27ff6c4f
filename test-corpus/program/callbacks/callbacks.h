#include <ntddk.h>

typedef struct _TRANSFER {
    PMDL Mdl;
    PVOID Copy;
    PIRP Request;
    KDPC Dpc;
} TRANSFER, *PTRANSFER;

/* start.c */
PTRANSFER helper_lock_transfer(PVOID Buffer, ULONG Length);

/* done.c */
IO_COMPLETION_ROUTINE good_done;
IO_COMPLETION_ROUTINE bad_done_frees_locked;
IO_COMPLETION_ROUTINE bad_done_unlocks_twice;
IO_COMPLETION_ROUTINE good_done_frees_irp;
IO_WORKITEM_ROUTINE good_worker;
IO_WORKITEM_ROUTINE bad_worker_unlocks_unlocked;
KDEFERRED_ROUTINE bad_dpc_frees_locked;
KSTART_ROUTINE good_thread;
KSTART_ROUTINE bad_thread_locks_again;
