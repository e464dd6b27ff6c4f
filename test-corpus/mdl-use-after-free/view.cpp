// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

class MdlView {
public:
    explicit MdlView(PMDL mdl) : m_Mdl(mdl), m_Length(0) {}

    ULONG Length() const { return m_Length; }
    void Remember() { m_Length = m_Mdl->ByteCount; }
    void Free()
    {
        IoFreeMdl(m_Mdl);
        m_Mdl = nullptr;
    }

private:
    PMDL m_Mdl;
    ULONG m_Length;
};

ULONG good_length_remembered(PMDL Mdl)
{
    MdlView view(Mdl);

    view.Remember();
    view.Free();
    return view.Length(); // ok: mdl-use-after-free
}

// The view has freed the MDL that the reference still names.
ULONG bad_reference_after_free(PMDL Mdl)
{
    MDL &mdl = *Mdl;
    MdlView view(Mdl);

    view.Remember();
    view.Free();
    return mdl.ByteCount; // expect: mdl-use-after-free
}
