"""The short key statements that a PC prints on its papers: the roots' about the registry, the registry's about the PC.

The roots sign the registry's when they sign a trust bundle; it lies beside the bundle (`keys/registry.compact`). The PC's is
made with its key statement and travels in that record's body; `restating` makes it anew after a ceremony. A hub without
the roots' file states keys as ever, and its offices print the plain dossier code.
"""

from pathlib import Path
from typing import Final

from central_hub.keys import write_private
from central_hub.services import Services
from signing.compact import (
    UNIT_NAME_BYTES_MAX,
    CompactChain,
    DeviceKey,
    RegistryKey,
    SignedRegistryKey,
    sign_device_key,
    sign_registry_key,
)
from signing.errors import SigningError
from signing.keys import SigningKey
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement

REGISTRY_FILE: Final = "registry.compact"


def state_registry(
    folder: Path, *, registry: PublicKey, province: str, bundle_version: int, roots: list[SigningKey]
) -> None:
    """Have the roots say which key is the registry's, for paper."""
    stated = RegistryKey(key=registry, province=province, bundle_version=bundle_version)
    write_private(folder / REGISTRY_FILE, sign_registry_key(stated, roots).encode())


def compact_member(services: Services, statement: KeyStatement) -> dict[str, str]:
    """The member of a device's key statement that its papers need; empty where the roots have said nothing for paper."""
    if Role.DEVICE not in statement.roles:
        return {}
    registry = registry_for_paper(services)
    if registry is None:
        return {}
    device = DeviceKey(
        key=statement.key,
        unit=statement.unit,
        unit_name=services.units.name(statement.unit).encode()[:UNIT_NAME_BYTES_MAX].decode(errors="ignore"),
        size=statement.from_size,
    )
    return {"compact": CompactChain(registry, sign_device_key(device, services.keys.registry)).hex()}


def registry_for_paper(services: Services) -> SignedRegistryKey | None:
    """The roots' word about the registry key in use, if it is there and holds under the bundle in use."""
    bundle = services.keys.bundle
    try:
        signed = SignedRegistryKey.decode((services.config.keys / REGISTRY_FILE).read_bytes())
        stated = signed.verify(bundle.roots, bundle.threshold)
    except (FileNotFoundError, SigningError):
        return None
    return signed if stated.key == services.keys.registry.public else None
