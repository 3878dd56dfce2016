"""How a PC becomes a node of a unit: keys, the code, the pinned roots, and the log of a new epoch."""
