// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

extern "C" NTSTATUS DevTransfer(PVOID Buffer, ULONG Length);

namespace {

class LockedBuffer {
public:
    LockedBuffer() : m_Mdl(nullptr) {}
    ~LockedBuffer()
    {
        if (m_Mdl != nullptr) {
            MmUnlockPages(m_Mdl);
            IoFreeMdl(m_Mdl);
        }
    }

    NTSTATUS Lock(PVOID Base, ULONG Length)
    {
        PMDL mdl = IoAllocateMdl(Base, Length, FALSE, FALSE, nullptr);
        if (mdl == nullptr)
            return STATUS_INSUFFICIENT_RESOURCES;
        __try {
            MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            IoFreeMdl(mdl);
            return GetExceptionCode();
        }
        m_Mdl = mdl;
        return STATUS_SUCCESS;
    }

    PVOID Map() { return MmGetSystemAddressForMdlSafe(m_Mdl, NormalPagePriority); }
    PMDL Detach()
    {
        PMDL mdl = m_Mdl;
        m_Mdl = nullptr;
        return mdl;
    }

private:
    PMDL m_Mdl;
};

} // namespace

NTSTATUS good_destructor_unlocks(PVOID Base, ULONG Length)
{
    LockedBuffer buffer;
    NTSTATUS status = buffer.Lock(Base, Length);

    if (!NT_SUCCESS(status))
        return status;

    PVOID va = buffer.Map();
    if (va == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES; // ok: mdl-lock-leak
    return DevTransfer(va, Length);
}

// Detached from its owner and then dropped.
NTSTATUS bad_detached_and_dropped(PVOID Base, ULONG Length)
{
    LockedBuffer buffer;
    NTSTATUS status = buffer.Lock(Base, Length);

    if (!NT_SUCCESS(status))
        return status;

    PMDL mdl = buffer.Detach();
    PVOID va = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (va == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES; // expect: mdl-lock-leak

    status = DevTransfer(va, Length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}
