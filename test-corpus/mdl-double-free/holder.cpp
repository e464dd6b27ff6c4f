// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

extern "C" NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

class MdlHolder {
public:
    explicit MdlHolder(PMDL mdl) : m_Mdl(mdl) {}
    ~MdlHolder() { Reset(); }

    void Reset()
    {
        if (m_Mdl != nullptr) {
            IoFreeMdl(m_Mdl);
            m_Mdl = nullptr;
        }
    }
    PMDL Get() const { return m_Mdl; }

private:
    PMDL m_Mdl;
};

// Reset clears, so the destructor finds nothing.
NTSTATUS good_reset_then_destructor(PVOID Buffer, ULONG Length)
{
    MdlHolder holder(IoAllocateMdl(Buffer, Length, FALSE, FALSE, nullptr));

    if (holder.Get() == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(holder.Get());
    NTSTATUS status = DevTransfer(Buffer, Length);
    if (!NT_SUCCESS(status))
        holder.Reset();
    return status; // ok: mdl-double-free
}

// Freed behind the holder's back after the holder let go of it.
NTSTATUS bad_freed_after_reset(PVOID Buffer, ULONG Length)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, nullptr);
    if (mdl == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;

    MdlHolder holder(mdl);
    MmBuildMdlForNonPagedPool(mdl);
    NTSTATUS status = DevTransfer(Buffer, Length);
    holder.Reset();
    if (!NT_SUCCESS(status))
        IoFreeMdl(mdl); // expect: mdl-double-free
    return status;
}
