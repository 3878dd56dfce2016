"""Encrypted files of the communes' dossiers: kept, completed piece by piece, handed to the PCs of the same commune.

The hub keeps ciphertext under its id. It takes only what a judged record states, so that nothing lies here that no record
refers to.
"""
