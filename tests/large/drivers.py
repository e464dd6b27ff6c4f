"""The drivers that are composed: seed, way out, blocks, and how much there is
between their steps."""

from compose import Driver

DRIVERS = {driver.name: driver for driver in [
    Driver("read", 1, "label",
           ["user-buffer", "raid-switch", "stripe-array", "sync-irp", "lock-helper"], 3),
    Driver("write", 2, "ladder",
           ["user-buffer", "partial", "parity-pair", "window-loop", "request-list",
            "retry", "optional"], 4),
    Driver("scrub", 3, "attempts",
           ["device-table", "copy-pair", "parity-pair", "pin-finally"], 3),
    Driver("flush", 4, "label",
           ["flush-set", "optional", "sync-irp", "raid-switch"], 3),
    Driver("replace", 5, "finally",
           ["lock-helper", "copy-pair", "chain", "user-buffer", "local-stripes",
            "partial"], 4),
    Driver("balance", 6, "ladder",
           ["retry", "raid-switch", "copy-pair", "raid-switch", "lock-helper",
            "optional", "user-buffer", "parity-pair", "pin-finally", "partial",
            "window-loop", "user-buffer"], 5),
    Driver("trim", 7, "finally",
           ["stripe-array", "raid-switch", "optional", "request-list"], 2),
    Driver("rebuild", 8, "attempts",
           ["raid-switch", "chain", "stripe-array", "lock-helper", "user-buffer"], 3),
]}
