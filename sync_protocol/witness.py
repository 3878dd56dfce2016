"""A node as a witness of the province's log: under which name its device cosigns checkpoints."""

from signing.signatures import PublicKey
from signing.tlog.note import COSIGNATURE, VerifierKey


def witness_key(province: str, device: PublicKey) -> VerifierKey:
    """The verifier key of a node's cosignatures: its device key under a name of its own."""
    return VerifierKey(f"motcua/{province}/may-tram/{device.id}", device, COSIGNATURE)
