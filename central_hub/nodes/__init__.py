"""The fleet: every enrolled PC, how it is, and the codes by which PCs join."""
