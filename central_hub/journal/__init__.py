"""The hub's own logs: one of the province, one per commune. What the hub has to say is said here, signed and chained."""
