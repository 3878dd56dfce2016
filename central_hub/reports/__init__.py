"""Biểu II.06a: the statutory report, on the screen, on paper and as files."""
