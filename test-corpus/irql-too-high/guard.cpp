// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

class SpinLockGuard {
public:
    explicit SpinLockGuard(PKSPIN_LOCK lock) : m_Lock(lock) { KeAcquireSpinLock(m_Lock, &m_Irql); }
    ~SpinLockGuard() { KeReleaseSpinLock(m_Lock, m_Irql); }

private:
    PKSPIN_LOCK m_Lock;
    KIRQL m_Irql;
};

struct Session {
    KSPIN_LOCK Lock;
    KEVENT Closed;
    HANDLE File;
};

void good_guard_scope_ends(Session *S)
{
    HANDLE file;
    {
        SpinLockGuard guard(&S->Lock);
        file = S->File;
        S->File = nullptr;
    }
    if (file != nullptr)
        ZwClose(file); // ok: irql-too-high
}

void bad_close_inside_guard(Session *S)
{
    SpinLockGuard guard(&S->Lock);
    if (S->File != nullptr) {
        ZwClose(S->File); // expect: irql-too-high
        S->File = nullptr;
    }
}

void good_event_inside_guard(Session *S)
{
    SpinLockGuard guard(&S->Lock);
    KeSetEvent(&S->Closed, IO_NO_INCREMENT, FALSE); // ok: irql-too-high
}
