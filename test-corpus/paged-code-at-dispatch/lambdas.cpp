/* Lambdas lie where the function does that they are written in. */
// The DDK headers and the compiler's intrinsics both define these two.
#define __INTRINSIC_DEFINED_InterlockedBitTestAndSet
#define __INTRINSIC_DEFINED_InterlockedBitTestAndReset
#include <ntddk.h>

struct Device {
    KSPIN_LOCK Lock;
    ULONG Count;
};

template <typename F> static void helper_under_lock(Device &device, const F &run)
{
    KIRQL irql;

    KeAcquireSpinLock(&device.Lock, &irql);
    run(); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&device.Lock, irql);
}

__declspec(code_seg("PAGE")) void bad_lambda_under_lock(Device &device)
{
    helper_under_lock(device, [&] { device.Count++; });
}

template <typename F> static void helper_resident_under_lock(Device &device, const F &run)
{
    KIRQL irql;

    KeAcquireSpinLock(&device.Lock, &irql);
    run(); // ok: paged-code-at-dispatch
    KeReleaseSpinLock(&device.Lock, irql);
}

void good_lambda_under_lock(Device &device)
{
    helper_resident_under_lock(device, [&] { device.Count++; });
}

/* All methods of a class. */
class __declspec(code_seg("PAGE")) Settings {
public:
    void read();
    ULONG value = 0;
};

void Settings::read()
{
    value = 1;
}

void bad_method_under_lock(Device &device, Settings &settings)
{
    KIRQL irql;

    KeAcquireSpinLock(&device.Lock, &irql);
    settings.read(); // expect: paged-code-at-dispatch
    KeReleaseSpinLock(&device.Lock, irql);
}

void good_method_before_lock(Device &device, Settings &settings)
{
    KIRQL irql;

    settings.read(); // ok: paged-code-at-dispatch
    KeAcquireSpinLock(&device.Lock, &irql);
    device.Count++;
    KeReleaseSpinLock(&device.Lock, irql);
}
