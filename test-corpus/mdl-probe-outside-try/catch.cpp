// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

class MdlLock {
public:
    explicit MdlLock(PMDL mdl) : m_Mdl(mdl), m_Locked(false) {}

    NTSTATUS Acquire(LOCK_OPERATION operation)
    {
        __try {
            MmProbeAndLockPages(m_Mdl, UserMode, operation); // ok: mdl-probe-outside-try
            m_Locked = true;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
        return STATUS_SUCCESS;
    }

    ~MdlLock()
    {
        if (m_Locked)
            MmUnlockPages(m_Mdl);
    }

private:
    PMDL m_Mdl;
    bool m_Locked;
};

NTSTATUS good_lock_object(PMDL Mdl)
{
    MdlLock lock(Mdl);
    return lock.Acquire(IoReadAccess);
}

// A lambda without a guard of its own, called without one.
NTSTATUS bad_lambda_unguarded(PMDL Mdl)
{
    auto lock = [](PMDL mdl) {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess); // expect: mdl-probe-outside-try
    };
    lock(Mdl);
    return STATUS_SUCCESS;
}
