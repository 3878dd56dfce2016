"""Copies of the database, and going back to one."""
