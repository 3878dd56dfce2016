"""Announce this PC on the office network and hear the others (multicast DNS, RFC 6762 and 6763). The only importer of `zeroconf`.

Started by the schedule of `serve` and by nothing else; the library's own threads only gather names. A network that lets no
multicast through is no fault: nothing is found there, and addresses are typed. What is announced and what an announcement
is worth is `found`'s to say; nothing here is believed.
"""

import logging
import socket
import threading
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface
from typing import Any, Final

import ifaddr
from zeroconf import (
    Error as MulticastError,
)
from zeroconf import (
    EventLoopBlocked,
    InterfaceChoice,
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceStateChange,
    Zeroconf,
)

from edge_node.lan.found import Found, read_announcement

_LOG: Final = logging.getLogger(__name__)
SERVICE: Final = "_motcua._tcp.local."
NAMES_MAX: Final = 64
ASKED_A_LOOK: Final = 4
ANSWER_MS: Final = 700
_ANYWHERE: Final = ("", "0.0.0.0")  # noqa: S104 — compared with, not listened at


class Discovery:
    """This PC's voice and ear on the office network, opened and closed while the node runs."""

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` where the door listens; a host of its own limits announcements to that interface."""
        self._host, self._port = host, port
        self._zeroconf: Zeroconf | None = None
        self._said: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._names: dict[str, bool] = {}
        self._found: dict[str, list[Found]] = {}

    @property
    def is_open(self) -> bool:
        return self._zeroconf is not None

    def open(self, said: Mapping[str, str]) -> None:
        """Announce this PC and listen; raises OSError where the network lets neither happen."""
        if self._zeroconf is not None and said == self._said:
            return
        self.close()
        interfaces = InterfaceChoice.All if self._host in _ANYWHERE else [self._host]
        multicast = Zeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        try:
            multicast.register_service(self._info(said), allow_name_change=True)
            ServiceBrowser(multicast, SERVICE, handlers=[self._hear])
        except (MulticastError, EventLoopBlocked, OSError, RuntimeError) as error:
            multicast.close()
            raise OSError(str(error) or type(error).__name__) from error
        self._zeroconf, self._said = multicast, dict(said)
        _LOG.info("announced on the office network as %s", said)

    def look(self) -> list[Found]:
        """What is announced now; asks a few new names for their addresses, which takes a moment each."""
        multicast = self._zeroconf
        if multicast is None:
            return []
        with self._lock:
            fresh = [name for name, is_asked in self._names.items() if not is_asked][:ASKED_A_LOOK]
        for name in fresh:
            heard = self._ask(multicast, name)
            with self._lock:
                if name in self._names:
                    self._names[name] = bool(heard)
                    self._found[name] = heard
        with self._lock:
            return [each for found in self._found.values() for each in found]

    def close(self) -> None:
        """Say goodbye and be silent."""
        multicast, self._zeroconf = self._zeroconf, None
        with self._lock:
            self._names.clear()
            self._found.clear()
        if multicast is not None:
            try:
                multicast.close()
            except (MulticastError, EventLoopBlocked, OSError, RuntimeError) as error:
                _LOG.info("the goodbye did not go out: %s", error)

    def _info(self, said: Mapping[str, str]) -> ServiceInfo:
        # No name of the computer: people give their own names to computers.
        name = f"motcua-{said['d']}"
        here = [str(each.ip) for each in _interfaces()] if self._host in _ANYWHERE else [self._host]
        return ServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            addresses=[socket.inet_aton(address) for address in here],
            port=self._port,
            properties=dict(said),
            server=f"{name}.local.",
        )

    def _hear(self, *, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        """Called by the library's thread."""
        with self._lock:
            if state_change is ServiceStateChange.Removed:
                self._names.pop(name, None)
                self._found.pop(name, None)
            elif name in self._names or len(self._names) < NAMES_MAX:
                self._names[name] = False

    def _ask(self, multicast: Zeroconf, name: str) -> list[Found]:
        try:
            info = multicast.get_service_info(SERVICE, name, timeout=ANSWER_MS)
        except (MulticastError, EventLoopBlocked, OSError, RuntimeError) as error:
            _LOG.info("%s did not say where it is: %s", name, error)
            return []
        if info is None or info.port is None:
            return []
        addresses = info.parsed_addresses(IPVersion.V4Only)
        if not self._is_loopback():
            addresses = nearest_first(addresses, _interfaces())
        for address in addresses:
            found = read_announcement(
                info.properties, address=address, port=info.port, is_loopback=self._is_loopback()
            )
            if found is not None:
                return [found]
        return []

    def _is_loopback(self) -> bool:
        return self._host not in _ANYWHERE and self._host.startswith("127.")


def nearest_first(addresses: list[str], here: list[IPv4Interface]) -> list[str]:
    """Addresses on a network of this PC before others, and none of its own: virtual networks have the same ones everywhere."""
    own = {str(each.ip) for each in here}
    return sorted(
        (address for address in addresses if address not in own),
        key=lambda address: not any(IPv4Address(address) in each.network for each in here),
    )


def _interfaces() -> list[IPv4Interface]:
    """This PC's addresses, with the networks that they are on."""
    found = [
        IPv4Interface(f"{each.ip}/{each.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for each in adapter.ips
        if each.is_IPv4
    ]
    return [each for each in found if not each.ip.is_loopback]
