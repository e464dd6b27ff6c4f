#include <ntddk.h>

typedef struct _TRANSFER {
    PMDL Mdl;
    MDL Embedded;
    ULONG ByteCount;
    CSHORT MdlFlags;
} TRANSFER, *PTRANSFER;

/* The length of what is left to do. */
VOID bad_shortens_mdl(PMDL Mdl, ULONG Length)
{
    Mdl->ByteCount = Length; // expect: mdl-opaque-field
}

VOID bad_moves_start(PTRANSFER Transfer, ULONG Done)
{
    Transfer->Mdl->StartVa = (PCHAR)Transfer->Mdl->StartVa + Done; // expect: mdl-opaque-field
    Transfer->Mdl->ByteOffset += Done; // expect: mdl-opaque-field
    Transfer->Mdl->ByteCount -= Done; // expect: mdl-opaque-field
}

VOID bad_sets_mapping(PMDL Mdl, PVOID Address)
{
    Mdl->MappedSystemVa = Address; // expect: mdl-opaque-field
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA; // expect: mdl-opaque-field
}

VOID bad_embedded(PTRANSFER Transfer)
{
    Transfer->Embedded.Size = sizeof(MDL); // expect: mdl-opaque-field
    Transfer->Embedded.Process = NULL; // expect: mdl-opaque-field
}

VOID bad_all_flags(PMDL Mdl)
{
    Mdl->MdlFlags = 0; // expect: mdl-opaque-field
}

/* One of the two flags is not the driver's. */
VOID bad_two_flags(PMDL Mdl)
{
    Mdl->MdlFlags |= MDL_MAPPING_CAN_FAIL | MDL_PARENT_MAPPED_SYSTEM_VA; // expect: mdl-opaque-field
}

VOID bad_clears_flag(PMDL Mdl)
{
    Mdl->MdlFlags &= ~MDL_SOURCE_IS_NONPAGED_POOL; // expect: mdl-opaque-field
}

/* In a finally part, which there are several copies of. */
VOID bad_in_finally(PMDL Mdl, PULONG Value)
{
    __try {
        if (*Value == 0)
            __leave;
        *Value = 1;
    } __finally {
        Mdl->ByteOffset = 0; // expect: mdl-opaque-field
    }
}

VOID good_flag_for_old_systems(PMDL Mdl)
{
    Mdl->MdlFlags |= MDL_MAPPING_CAN_FAIL; // ok: mdl-opaque-field
}

VOID good_flag_cleared_again(PMDL Mdl)
{
    Mdl->MdlFlags &= ~MDL_MAPPING_CAN_FAIL; // ok: mdl-opaque-field
}

VOID good_chain(PMDL First, PMDL Second)
{
    First->Next = Second; // ok: mdl-opaque-field
    Second->Next = NULL; // ok: mdl-opaque-field
}

ULONG good_reads(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PAGES_LOCKED)
        return Mdl->ByteCount; // ok: mdl-opaque-field
    return MmGetMdlByteOffset(Mdl);
}

/* What the WDK's macros write is theirs. */
VOID good_initialised(PTRANSFER Transfer, PVOID Buffer, ULONG Length)
{
    MmInitializeMdl(&Transfer->Embedded, Buffer, Length); // ok: mdl-opaque-field
    MmBuildMdlForNonPagedPool(&Transfer->Embedded);
}

VOID good_reused(PMDL Partial)
{
    MmPrepareMdlForReuse(Partial); // ok: mdl-opaque-field
}

/* Members of the same names in the driver's own structure. */
VOID good_own_structure(PTRANSFER Transfer, ULONG Length)
{
    Transfer->ByteCount = Length; // ok: mdl-opaque-field
    Transfer->MdlFlags = 0; // ok: mdl-opaque-field
}

/* As in ndis.h: what network drivers are given for it. */
#define NdisAdjustMdlLength(Mdl, Length) ((Mdl)->ByteCount = (Length))

VOID good_adjusted(PMDL Mdl, ULONG Length)
{
    NdisAdjustMdlLength(Mdl, Length); // ok: mdl-opaque-field
}
