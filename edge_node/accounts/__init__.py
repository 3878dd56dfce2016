"""Officers of this PC: who they are, logging in, and what the unit administrator does for them."""
