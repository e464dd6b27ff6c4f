#include <ntddk.h>

DECLARE_HANDLE(WDFREQUEST);
NTSTATUS WdfRequestRetrieveInputWdmMdl(WDFREQUEST Request, PMDL *Mdl);
NTSTATUS WdfRequestRetrieveOutputWdmMdl(WDFREQUEST Request, PMDL *Mdl);
VOID WdfRequestComplete(WDFREQUEST Request, NTSTATUS Status);
VOID WdfRequestCompleteWithInformation(WDFREQUEST Request, NTSTATUS Status, ULONG_PTR Information);

/* The framework's MDL lives as long as the request. */
VOID bad_wdf_byte_count(WDFREQUEST Request, PULONG Total)
{
    PMDL mdl;
    NTSTATUS status = WdfRequestRetrieveOutputWdmMdl(Request, &mdl);

    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(Request, status);
        return;
    }
    WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, 0);
    *Total += MmGetMdlByteCount(mdl); // expect: mdl-use-after-complete
}

VOID bad_wdf_mapping(WDFREQUEST Request, PUCHAR First)
{
    PMDL mdl;
    PUCHAR data;
    NTSTATUS status = WdfRequestRetrieveInputWdmMdl(Request, &mdl);

    if (NT_SUCCESS(status)) {
        data = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (data != NULL) {
            WdfRequestComplete(Request, STATUS_SUCCESS);
            *First = *data; // expect: mdl-use-after-complete
            return;
        }
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    WdfRequestComplete(Request, status);
}

VOID good_wdf_in_order(WDFREQUEST Request, PUCHAR First, PULONG Total)
{
    PMDL mdl;
    PUCHAR data = NULL;
    NTSTATUS status = WdfRequestRetrieveInputWdmMdl(Request, &mdl);

    if (NT_SUCCESS(status)) {
        data = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (data != NULL)
            *First = *data; // ok: mdl-use-after-complete
        *Total += MmGetMdlByteCount(mdl);
    }
    WdfRequestComplete(Request, status);
}

/* Two requests: completing one says nothing of the other. */
VOID good_wdf_other_request(WDFREQUEST Done, WDFREQUEST Next, PULONG Total)
{
    PMDL mdl;
    NTSTATUS status = WdfRequestRetrieveInputWdmMdl(Next, &mdl);

    WdfRequestComplete(Done, STATUS_SUCCESS);
    if (NT_SUCCESS(status))
        *Total += MmGetMdlByteCount(mdl); // ok: mdl-use-after-complete
    WdfRequestComplete(Next, status);
}
