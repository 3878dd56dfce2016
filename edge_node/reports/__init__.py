"""Biểu II.06a of this office: any period, by field or procedure, and behind every figure the dossiers that add up to it."""
