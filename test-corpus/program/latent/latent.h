#include <ntddk.h>

/* helpers.c */
VOID bad_release(PMDL Mdl);
VOID good_release(PMDL Mdl);
VOID bad_lock_unguarded(PMDL Mdl);
VOID good_lock_unguarded(PMDL Mdl);
VOID bad_require(BOOLEAN Condition);
VOID good_require(BOOLEAN Condition);
