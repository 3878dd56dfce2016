"""Rounds with nodes: take what they send, answer with what they lack; and what is known of the fleet from that."""
