"""The head that all papers of this office share: its unit from enrolment and re-organisations, how to reach it from the settings."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from edge_node.config import EdgeConfig
from edge_node.printing.forms import Office as Letterhead
from edge_node.store.local import Office

_KINDS: Final = ("Phường ", "Xã ", "Đặc khu ")
_DESK: Final = "Trung tâm Phục vụ hành chính công"
_STANDARD_PORTS: Final = (None, 80, 443)


def letterhead(office: Office, config: EdgeConfig) -> Letterhead:
    """ "Ủy ban nhân dân phường Hải Châu", its one-stop centre, and the place of the dateline."""
    name = office.unit_name
    place = next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), name)
    return Letterhead(
        superior=f"Ủy ban nhân dân {name[:1].lower()}{name[1:]}",
        name=_DESK,
        place=place,
        address=config.office_address,
        phone=config.office_phone,
        lookup=config.lookup_address,
        verify=config.verify_address or _portal(config.hub_url or office.hub_url),
    )


def _portal(hub_url: str) -> str:
    """Where the province's hub verifies papers, as people type it; "" where the hub has no name outside the office."""
    parts = urlsplit(hub_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if "." not in host or host.endswith((".local", ".internal", ".localhost")):
            return ""
        port = "" if parts.port in _STANDARD_PORTS else f":{parts.port}"
        return f"{host}{port}/verify"
    return ""
