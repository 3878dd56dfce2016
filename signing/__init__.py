"""WHO SAID IT: bytes, keys, signatures, trust and the verification report.

This package knows nothing of dossiers, logs or transport. It opens no socket, file or database, reads no clock and
draws no randomness; `keys` (making and locking a key) and `cli` (reading the files it is given) are the two exceptions.
Verification raises and returns the verified thing. The names below are promised; the rest is reachable, not promised.
"""
