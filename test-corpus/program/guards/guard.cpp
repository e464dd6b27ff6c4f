#include "guard.hpp"

PageLock::PageLock(PMDL Mdl, KPROCESSOR_MODE Mode) : mdl(Mdl), locked(false)
{
    __try {
        MmProbeAndLockPages(mdl, Mode, IoWriteAccess);
        locked = true;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
    }
}

PageLock::~PageLock()
{
    if (locked)
        MmUnlockPages(mdl); // expect[program]: mdl-use-after-free
}

PMDL PageLock::release()
{
    locked = false;
    return mdl;
}

void MdlPtr::reset(PMDL Mdl)
{
    if (mdl)
        IoFreeMdl(mdl); // expect[program]: mdl-free-locked
    mdl = Mdl;
}
