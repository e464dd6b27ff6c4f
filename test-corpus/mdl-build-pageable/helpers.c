#include <ntddk.h>

#define TAG_DATA 'ataD'

typedef struct _BUFFER {
    PVOID Va;
    PMDL Mdl;
    ULONG Length;
} BUFFER, *PBUFFER;

NTSTATUS DevTransfer(PMDL Mdl);

static PMDL helper_describe(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl); // expect: mdl-build-pageable
    return mdl;
}

/* The helper is right for its other caller. */
NTSTATUS bad_helper_gets_paged(ULONG Length)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, Length, TAG_DATA);
    PMDL mdl;

    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    mdl = helper_describe(buffer, Length);
    if (mdl != NULL) {
        DevTransfer(mdl);
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(buffer, TAG_DATA);
    return STATUS_SUCCESS;
}

static BOOLEAN helper_take(PBUFFER Buffer, POOL_TYPE Type, ULONG Length)
{
    Buffer->Va = ExAllocatePoolWithTag(Type, Length, TAG_DATA);
    Buffer->Length = Length;
    return Buffer->Va != NULL;
}

static BOOLEAN helper_build(PBUFFER Buffer)
{
    Buffer->Mdl = IoAllocateMdl(Buffer->Va, Buffer->Length, FALSE, FALSE, NULL);
    if (Buffer->Mdl == NULL)
        return FALSE;
    MmBuildMdlForNonPagedPool(Buffer->Mdl); // todo-expect: mdl-build-pageable
    return TRUE;
}

/* The type is chosen two functions away from the build. */
NTSTATUS bad_type_from_afar(ULONG Length)
{
    BUFFER buffer = {0};

    if (!helper_take(&buffer, PagedPool, Length))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (helper_build(&buffer)) {
        DevTransfer(buffer.Mdl);
        IoFreeMdl(buffer.Mdl);
    }
    ExFreePoolWithTag(buffer.Va, TAG_DATA);
    return STATUS_SUCCESS;
}

static BOOLEAN helper_build_resident(PBUFFER Buffer)
{
    Buffer->Mdl = IoAllocateMdl(Buffer->Va, Buffer->Length, FALSE, FALSE, NULL);
    if (Buffer->Mdl == NULL)
        return FALSE;
    MmBuildMdlForNonPagedPool(Buffer->Mdl); // ok: mdl-build-pageable
    return TRUE;
}

NTSTATUS good_type_from_afar(ULONG Length)
{
    BUFFER buffer = {0};

    if (!helper_take(&buffer, NonPagedPool, Length))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (helper_build_resident(&buffer)) {
        DevTransfer(buffer.Mdl);
        IoFreeMdl(buffer.Mdl);
    }
    ExFreePoolWithTag(buffer.Va, TAG_DATA);
    return STATUS_SUCCESS;
}
