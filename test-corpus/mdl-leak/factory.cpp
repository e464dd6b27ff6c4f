// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

extern "C" NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

template <typename T>
class MdlFor {
public:
    MdlFor(T *object, bool owned) : m_Mdl(nullptr), m_Owned(owned)
    {
        m_Mdl = IoAllocateMdl(object, sizeof(T), FALSE, FALSE, nullptr);
        if (m_Mdl != nullptr)
            MmBuildMdlForNonPagedPool(m_Mdl);
    }
    ~MdlFor()
    {
        if (m_Owned && m_Mdl != nullptr)
            IoFreeMdl(m_Mdl);
    }
    PMDL Get() const { return m_Mdl; }

private:
    PMDL m_Mdl;
    bool m_Owned;
};

struct CommandBlock {
    ULONG Code;
    ULONG Length;
};

NTSTATUS good_owner_frees(CommandBlock *Block)
{
    MdlFor<CommandBlock> mdl(Block, true);

    if (mdl.Get() == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    return DevTransfer(Block, Block->Length); // ok: mdl-leak
}

NTSTATUS good_not_owner_hands_over(CommandBlock *Block, PMDL *Result)
{
    MdlFor<CommandBlock> mdl(Block, false);

    *Result = mdl.Get();
    return *Result ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-leak
}

// Freed on the way through the loop only.
NTSTATUS bad_early_return(CommandBlock *Blocks, ULONG Count)
{
    PMDL mdl = IoAllocateMdl(Blocks, Count * sizeof(*Blocks), FALSE, FALSE, nullptr);

    if (mdl == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < Count; ++i) {
        if (Blocks[i].Length == 0)
            return STATUS_INVALID_PARAMETER; // expect: mdl-leak
    }
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}
