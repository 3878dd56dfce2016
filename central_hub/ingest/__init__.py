"""Store and acknowledge what nodes send; deciding about it is the judge's work."""
