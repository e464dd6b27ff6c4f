// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

extern "C" NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

class PageUnlocker {
public:
    explicit PageUnlocker(PMDL mdl) : m_Mdl(mdl) {}
    ~PageUnlocker()
    {
        if (m_Mdl)
            MmUnlockPages(m_Mdl);
    }
    void Release() { m_Mdl = nullptr; }

private:
    PMDL m_Mdl;
};

// Ownership handed back before the explicit unlock.
NTSTATUS good_released_guard(PMDL Mdl, ULONG Length)
{
    PageUnlocker guard(Mdl);
    PVOID va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);

    if (va == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = DevTransfer(va, Length);
    guard.Release();
    MmUnlockPages(Mdl); // ok: mdl-double-unlock
    return status;
}

// The guard ends before the explicit unlock.
NTSTATUS bad_unlock_after_guard(PMDL Mdl, ULONG Length)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    {
        PageUnlocker guard(Mdl);
        PVOID va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
        if (va != nullptr)
            status = DevTransfer(va, Length);
    }
    MmUnlockPages(Mdl); // expect: mdl-double-unlock
    return status;
}
