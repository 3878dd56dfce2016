"""The line to the hub: bytes up, bytes down, and what can go wrong on the way. The only importer of `requests`.

The hub's certificate authority is the one that enrolment pinned; public authorities are not asked. Every phase has a
deadline, answers are bounded before they are read, and a fault says whether trying again can help.
"""

import hashlib
import socket
import ssl
import warnings
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning

from edge_node import reasons as node_reasons
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.limits import ROUND_SIZE_BYTES_MAX
from sync_protocol.versions import Versions, from_members

CONNECT_S: Final = 10.0
READ_S: Final = 90.0
PROBE_S: Final = 3.0
NEAR_S: Final = 2.0
ANSWER_BYTES_MAX: Final = 2 * ROUND_SIZE_BYTES_MAX
_CHUNK: Final = 64 * 1024
ROUND_PATH: Final = "/sync/v1/round"
FILES_PATH: Final = "/sync/v1/files"
RELAY_PATH: Final = "/sync/v1/relay"
BEACON_PATH: Final = "/sync/v1/beacon"
LAN_HELLO_PATH: Final = "/lan/v1/hello"
LAN_ROUND_PATH: Final = "/lan/v1/round"
LAN_FILES_PATH: Final = "/lan/v1/files"
LAN_RELAY_PATH: Final = "/lan/v1/relay"
HELLO_PATH: Final = "/enrol/v1/hello"
DEVICE_PATH: Final = "/enrol/v1/device"


class LineFault(Exception):
    """The exchange did not come about; nothing is lost, the next round starts from what is held.

    Attributes:
        was_cut: the connection broke while bytes were under way (a smaller payload may pass).
        retry_after_s: how long the hub asked to wait, 0 when it did not say.
        versions: which versions of the protocol are spoken there, where a refusal says so.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        was_cut: bool = False,
        retry_after_s: int = 0,
        versions: Versions | None = None,
    ) -> None:
        super().__init__(f"{reason.code}: {detail}" if detail else reason.code)
        self.reason = reason
        self.detail = detail
        self.was_cut = was_cut
        self.retry_after_s = retry_after_s
        self.versions = versions


class Line(Protocol):
    """What a runner needs of the way to the hub."""

    def post_round(self, payload: bytes) -> bytes:
        """One round; raises LineFault."""

    def hang_up(self) -> None:
        """Use no connection twice: some lines let only so much pass on each."""

    def is_up(self) -> bool:
        """A cheap look whether the hub's door can be reached at all."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a hub says of itself before anything is believed."""

    bundle: bytes
    ca: str


class _PinnedAdapter(HTTPAdapter):
    """Trusts one certificate authority and no other."""

    def __init__(self, ca: str) -> None:
        self._context = ssl.create_default_context(cadata=ca)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *values: Any, **options: Any) -> None:
        options["ssl_context"] = self._context
        super().init_poolmanager(*values, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Without this, `requests` would load the public authorities into the pinned context as well."""
        conn.cert_reqs = "CERT_REQUIRED"


class HubLine:
    """HTTP to one hub. Not shared between threads."""

    _connect_s = CONNECT_S

    def __init__(self, url: str, *, ca: str = "", answer_within_s: float = READ_S) -> None:
        self._url = url.rstrip("/")
        self._ca = ca
        self._read_s = answer_within_s
        self._session = requests.Session()
        self._session.trust_env = False  # an office proxy would break the pinned connection
        if ca:
            self._session.mount("https://", _PinnedAdapter(ca))

    def post_round(self, payload: bytes) -> bytes:
        return self._exchange(
            "POST", ROUND_PATH, data=payload, headers={"Content-Type": "application/octet-stream"}
        )

    def hang_up(self) -> None:
        self._session.close()

    def post_files(self, payload: bytes) -> bytes:
        return self._exchange(
            "POST", FILES_PATH, data=payload, headers={"Content-Type": "application/octet-stream"}
        )

    def post_relay(self, payload: bytes) -> bytes:
        return self._exchange(
            "POST", RELAY_PATH, data=payload, headers={"Content-Type": "application/octet-stream"}
        )

    def post_beacon(self, payload: bytes) -> bytes:
        return self._exchange(
            "POST", BEACON_PATH, data=payload, headers={"Content-Type": "application/octet-stream"}
        )

    def is_up(self) -> bool:
        parts = urlsplit(self._url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            with socket.create_connection((parts.hostname or "", port), timeout=PROBE_S):
                return True
        except OSError:
            return False

    def hello(self) -> Hello:
        """Fetch bundle and certificate; before they are compared with the code, nothing of it is believed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureRequestWarning)
            content = _json(self._exchange("GET", HELLO_PATH, verify=bool(self._ca)))
        try:
            ca = content.get("ca") or ""
            return Hello(msgspec.convert(content["bundle"], bytes, strict=False), str(ca))
        except (KeyError, msgspec.ValidationError) as error:
            raise LineFault(reasons.ENROLMENT_ROOTS, str(error)) from error

    def enrol_device(self, request: bytes) -> bytes:
        """Offer keys; returns the hub's answer as JSON."""
        return self._exchange("POST", DEVICE_PATH, data=request, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        self._session.close()

    def _exchange(self, method: str, path: str, **options: Any) -> bytes:
        options["headers"] = {
            "Accept": "application/octet-stream, application/json",
            **options.get("headers", {}),
        }
        try:
            with self._session.request(
                method,
                self._url + path,
                timeout=(self._connect_s, self._read_s),
                stream=True,
                allow_redirects=False,
                **options,
            ) as response:
                content = _bounded(response)
        except requests.exceptions.SSLError as error:
            raise LineFault(reasons.ENROLMENT_ROOTS, str(error)) from error
        except requests.exceptions.ConnectTimeout as error:
            raise LineFault(reasons.LINE_DOWN, str(error)) from error
        except requests.exceptions.ConnectionError as error:
            raise LineFault(reasons.LINE_DOWN, str(error), was_cut=_was_cut(error)) from error
        except requests.exceptions.RequestException as error:
            raise LineFault(reasons.LINE_DOWN, str(error), was_cut=True) from error
        if response.status_code != 200:
            raise _refusal(response, content)
        return content


class ColleagueLine:
    """HTTP to another PC of the office. Nothing of the network is trusted: the messages are sealed and signed."""

    def __init__(self, url: str) -> None:
        self._line = _NearLine(url)

    def hello(self) -> bytes:
        return self._line._exchange("GET", LAN_HELLO_PATH)

    def post(self, sealed: bytes) -> bytes:
        headers = {"Content-Type": "application/octet-stream"}
        return self._line._exchange("POST", LAN_ROUND_PATH, data=sealed, headers=headers)

    def post_files(self, sealed: bytes) -> bytes:
        headers = {"Content-Type": "application/octet-stream"}
        return self._line._exchange("POST", LAN_FILES_PATH, data=sealed, headers=headers)

    def post_relay(self, sealed: bytes) -> bytes:
        headers = {"Content-Type": "application/octet-stream"}
        return self._line._exchange("POST", LAN_RELAY_PATH, data=sealed, headers=headers)

    def hang_up(self) -> None:
        self._line.hang_up()

    def close(self) -> None:
        self._line.close()


class _NearLine(HubLine):
    """A PC next door answers at once or is switched off."""

    _connect_s = NEAR_S


def certificate_sha256(ca: str) -> str:
    """SHA-256 of a certificate's DER form, as the trust bundle names it."""
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ca)).hexdigest()
    except ValueError:
        return ""


def _bounded(response: requests.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise LineFault(reasons.ROUND_SIZE, "the hub's answer")
        parts.append(part)
    return b"".join(parts)


def _was_cut(error: requests.exceptions.ConnectionError) -> bool:
    """A connection that was never made says nothing about the size of the payload."""
    text = str(error)
    return "NewConnectionError" not in text and "NameResolutionError" not in text and "refused" not in text


def _refusal(response: requests.Response, content: bytes) -> LineFault:
    try:
        problem = _json(content)
    except LineFault:
        problem = {}
    code = str(problem.get("code", ""))
    known = reasons.BY_CODE.get(code) or node_reasons.BY_CODE.get(code)
    reason = known or (reasons.LINE_DOWN if response.status_code >= 500 else reasons.ROUND_FORMAT)
    after = response.headers.get("Retry-After", "")
    detail = str(problem.get("detail") or f"HTTP {response.status_code}")
    return LineFault(
        reason,
        detail,
        retry_after_s=int(after) if after.isdigit() else 0,
        versions=from_members(problem) if reason is reasons.ROUND_VERSION else None,
    )


def _json(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineFault(reasons.ENROLMENT_ROOTS, "not the hub's JSON") from error
