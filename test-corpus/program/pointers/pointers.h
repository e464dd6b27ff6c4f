#include <ntddk.h>

typedef struct _OPERATIONS {
    VOID (*Release)(PMDL Mdl);
    VOID (*Discard)(PMDL Mdl);
} OPERATIONS;

typedef struct _PORT {
    const OPERATIONS *Operations;
    VOID (*Finish)(PMDL Mdl);
} PORT, *PPORT;

extern const OPERATIONS helper_operations;
VOID helper_init_port(PPORT Port);
