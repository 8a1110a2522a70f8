"""Projects `fax-status` and `fax-expired` into the history's tables (`services/_runtime/history`)."""
