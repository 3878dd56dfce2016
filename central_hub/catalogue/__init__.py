"""Procedures and the working calendar: what is in force, what was published, and publishing the next version."""
