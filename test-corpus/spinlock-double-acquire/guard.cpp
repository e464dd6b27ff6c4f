// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

class Guard {
public:
    explicit Guard(PKSPIN_LOCK lock) : m_Lock(lock) { KeAcquireSpinLock(m_Lock, &m_Irql); } // expect: spinlock-double-acquire
    ~Guard() { KeReleaseSpinLock(m_Lock, m_Irql); }

private:
    PKSPIN_LOCK m_Lock;
    KIRQL m_Irql;
};

struct Pool {
    KSPIN_LOCK Lock;
    KSPIN_LOCK Statistics;
    ULONG Used;
    ULONG Peak;
};

static void helper_note_peak(Pool *P)
{
    Guard guard(&P->Statistics);
    if (P->Used > P->Peak)
        P->Peak = P->Used;
}

void good_guards_of_two(Pool *P)
{
    Guard guard(&P->Lock);
    P->Used++;
    helper_note_peak(P);
}

void helper_guard_inside_guard(Pool *P)
{
    Guard guard(&P->Statistics);
    P->Used++;
    helper_note_peak(P);
}
