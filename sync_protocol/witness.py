"""A node as a witness of the province's log: under which name its device cosigns checkpoints, and whose name is such a one."""

from typing import Final

from signing.signatures import PublicKey
from signing.tlog.note import COSIGNATURE, VerifierKey

_OF_NODES: Final = "may-tram"


def witness_key(province: str, device: PublicKey) -> VerifierKey:
    """The verifier key of a node's cosignatures: its device key under a name of its own."""
    return VerifierKey(f"motcua/{province}/{_OF_NODES}/{device.id}", device, COSIGNATURE)


def device_of(name: str) -> str | None:
    """The id of the device that cosigns under this name; None where it is the name of an outsider, or of a log."""
    before, _, device = name.rpartition("/")
    return device if before.endswith(f"/{_OF_NODES}") else None
