#include "pointers.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS good_finish(PPORT Port, PVOID Buffer, ULONG Length);

static PORT helper_port;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    helper_init_port(&helper_port);
    return good_finish(&helper_port, RegistryPath->Buffer, RegistryPath->Length);
}
