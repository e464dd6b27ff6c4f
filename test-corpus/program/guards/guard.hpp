// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

/* Locks in the constructor, unlocks in the destructor. */
class PageLock {
public:
    PageLock(PMDL Mdl, KPROCESSOR_MODE Mode);
    ~PageLock();
    PageLock(const PageLock &) = delete;
    PageLock &operator=(const PageLock &) = delete;
    bool isLocked() const { return locked; }
    PMDL release();

private:
    PMDL mdl;
    bool locked;
};

/* Owns an MDL. */
class MdlPtr {
public:
    MdlPtr() : mdl(nullptr) {}
    explicit MdlPtr(PMDL Mdl) : mdl(Mdl) {}
    MdlPtr(MdlPtr &&other) : mdl(other.mdl) { other.mdl = nullptr; }
    MdlPtr &operator=(MdlPtr &&other)
    {
        reset(other.release());
        return *this;
    }
    ~MdlPtr() { reset(nullptr); }
    void reset(PMDL Mdl);
    PMDL release()
    {
        PMDL m = mdl;
        mdl = nullptr;
        return m;
    }
    PMDL get() const { return mdl; }
    explicit operator bool() const { return mdl != nullptr; }

private:
    PMDL mdl;
};
