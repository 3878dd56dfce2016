"""The keys of this PC and of its officers: on the disk locked, in memory only while somebody works.

`files` keeps locked keys beside the database, `machine_secret` binds them to this machine, `trust` says which keys are
believed, and `sessions` holds unlocked keys until they are idle. No key is ever in the database or in a backup.
"""

from edge_node.keyring.files import KeyFiles, KeysMissing
from edge_node.keyring.sessions import Actor, Keyring, UnlockBusy
from edge_node.keyring.trust import TrustBook, TrustMissing

__all__ = ["Actor", "KeyFiles", "Keyring", "KeysMissing", "TrustBook", "TrustMissing", "UnlockBusy"]
