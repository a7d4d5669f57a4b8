"""SSH to machines: pinned host keys, one pooled connection per machine, one round trip per agent call."""
