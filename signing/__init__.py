"""WHO SAID IT: bytes, keys, signatures, trust and the verification report.

This package knows nothing of dossiers, logs or transport. It opens no socket, file or database, reads no clock and
draws no randomness; the exceptions are `keys` (making and locking a key), `streams` (the start of a sealed stream) and
`cli` (reading the files it is given).
Verification raises and returns the verified thing. The names below are promised; the rest is reachable, not promised.
"""

from signing.canonical import normalise_text
from signing.errors import SigningError
from signing.keys import BoxKey, SigningKey, new_box_key, new_signing_key
from signing.reasons import Reason
from signing.report import Indication, Report
from signing.signatures import PublicKey, Purpose, Signer
from signing.trust import KeyStatement, Role, Trust, TrustBundle, open_bundle
from signing.version import __version__

__all__ = [
    "BoxKey",
    "Indication",
    "KeyStatement",
    "PublicKey",
    "Purpose",
    "Reason",
    "Report",
    "Role",
    "Signer",
    "SigningError",
    "SigningKey",
    "Trust",
    "TrustBundle",
    "__version__",
    "new_box_key",
    "new_signing_key",
    "normalise_text",
    "open_bundle",
]
