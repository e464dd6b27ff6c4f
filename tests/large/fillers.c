//# locals
    KIRQL Irql = PASSIVE_LEVEL;
    ULONG Index = 0;
    ULONG Inner = 0;
    ULONG Sum = 0;
    ULONG64 Position = 0;
//# filler
    status = StoreCheckRange(Volume, Offset + Sum, Length);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
//# filler
    KeAcquireSpinLock(&Volume->Lock, &Irql);
    Volume->WaitingCount++;
    if (Volume->WaitingCount > 64 && !FlagOn(Flags, STORE_URGENT)) {
        Volume->WaitingCount--;
        KeReleaseSpinLock(&Volume->Lock, Irql);
        status = STATUS_DEVICE_BUSY;
        FAIL;
    }
    KeReleaseSpinLock(&Volume->Lock, Irql);
//# filler
    Sum = 0;
    for (Index = 0; Index < Volume->DeviceCount; Index++) {
        if (Volume->Devices[Index].Missing) {
            continue;
        }
        Sum += Volume->Devices[Index].SectorSize;
        if (Volume->Devices[Index].Errors > 100) {
            status = STATUS_IO_DEVICE_ERROR;
            FAIL;
        }
    }
//# filler
    Position = Offset / Volume->StripeLength;
    switch (Volume->RaidType) {
    case STORE_SINGLE:
        Index = 0;
        break;
    case STORE_RAID0:
        Index = (ULONG)(Position % Volume->DeviceCount);
        break;
    case STORE_RAID1:
    case STORE_RAID10:
        Index = (ULONG)(Position * 2 % Volume->DeviceCount);
        break;
    case STORE_RAID5:
    case STORE_RAID6:
        if (Volume->DeviceCount < 3) {
            status = STATUS_DISK_CORRUPT_ERROR;
            FAIL;
        }
        Index = (ULONG)(Position % (Volume->DeviceCount - 1));
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
        FAIL;
    }
    Volume->Devices[Index].Trim = FALSE;
//# filler
    if (Volume->Generation < Volume->Committed || (Volume->ReadOnly && Length > Volume->StripeLength) ||
        (FlagOn(Flags, STORE_URGENT) && Volume->WaitingCount != 0 && Volume->LogLength == 0)) {
        status = STATUS_INVALID_DEVICE_STATE;
        FAIL;
    }
//# filler
    for (Index = 0; Index < Length / STORE_BLOCK; Index++) {
        for (Inner = 0; Inner < STORE_BLOCK / sizeof(ULONG); Inner += 64) {
            Sum = (Sum << 1) ^ Inner;
        }
        if (Sum == 0) {
            Volume->ZeroWindows++;
        }
    }
//# filler
    ExAcquireResourceExclusiveLite(&Volume->TreeLock, TRUE);
    if (Volume->Generation > Volume->Committed + 16) {
        status = StoreCommit(Volume);
        if (NT_SUCCESS(status)) {
            Volume->Committed = Volume->Generation;
        }
    }
    ExReleaseResourceLite(&Volume->TreeLock);
    if (!NT_SUCCESS(status)) {
        FAIL;
    }
//# filler
    if (FlagOn(Flags, STORE_VERIFY)) {
        Volume->Read += Length;
    } else if (!Volume->ReadOnly) {
        Volume->Written += Length;
    } else {
        status = STATUS_MEDIA_WRITE_PROTECTED;
        FAIL;
    }
//# filler
    status = StoreSubmit(&Volume->Devices[Volume->DeviceCount - 1], Volume->Committed, STORE_BLOCK);
    if (status == STATUS_DEVICE_NOT_READY && Volume->RaidType == STORE_RAID1) {
        status = StoreSubmit(&Volume->Devices[0], Volume->Committed, STORE_BLOCK);
    }
    if (!NT_SUCCESS(status)) {
        InterlockedIncrement(&Volume->Devices[0].Errors);
        FAIL;
    }
//# filler
    if (Offset + Length > Volume->Size) {
        Sum = (ULONG)(Offset + Length - Volume->Size);
        if (Sum > Volume->StripeLength) {
            status = STATUS_END_OF_FILE;
            FAIL;
        }
        Volume->Size = Offset + Length;
    }
