"""Accounts of the province, their roles and passwords, access tokens, the target, and the diary of who did what."""
