"""The line to the hub over real sockets: the pinned authority, cut connections, refusals, bounds."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from central_hub.tls import authority_pem, ensure_server_certificate, make_authority
from edge_node.sync import transport
from edge_node.sync.transport import HubLine, LineFault, certificate_sha256
from sync_protocol import reasons

NOW_MS = 1_795_000_000_000


class Handler(BaseHTTPRequestHandler):
    """Answers by path; a request to /sync/v1/round is cut off when it is larger than the line lets through."""

    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        status, headers, content = self.answers[self.path]
        if status == 0:
            self.connection.shutdown(2)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    running = QuietServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def url_of(server: ThreadingHTTPServer, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


def with_tls(server: ThreadingHTTPServer, folder: Path) -> str:
    folder.mkdir()
    make_authority(folder, province_name="Đà Nẵng", now_ms=NOW_MS)
    certificate, key = ensure_server_certificate(folder, hosts=["127.0.0.1"], now_ms=NOW_MS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    pem = authority_pem(folder)
    assert pem
    return pem


def test_the_pinned_authority_and_no_other_is_trusted(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    ca = with_tls(server, tmp_path / "hub")
    Handler.answers = {"/sync/v1/round": (200, {}, b"answer")}
    line = HubLine(url_of(server, "https"), ca=ca)
    assert line.post_round(b"request") == b"answer"
    line.close()
    (tmp_path / "other").mkdir()
    make_authority(tmp_path / "other", province_name="Khác", now_ms=NOW_MS)
    stranger = HubLine(url_of(server, "https"), ca=authority_pem(tmp_path / "other") or "")
    with pytest.raises(LineFault, match="ENROLMENT_ROOTS"):
        stranger.post_round(b"request")
    stranger.close()


def test_public_authorities_do_not_enter_the_pinned_context(tmp_path: Path) -> None:
    make_authority(tmp_path, province_name="Đà Nẵng", now_ms=NOW_MS)
    adapter = transport._PinnedAdapter(authority_pem(tmp_path) or "")
    pool = adapter.poolmanager.connection_from_url("https://hub.example")
    adapter.cert_verify(pool, "https://hub.example", True, None)
    assert pool.ca_certs is None and pool.ca_cert_dir is None
    assert len(adapter._context.get_ca_certs()) == 1
    assert adapter._context.verify_mode is ssl.CERT_REQUIRED and adapter._context.check_hostname


def test_hello_before_anything_is_pinned(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    ca = with_tls(server, tmp_path / "hub")
    content = b'{"bundle": "aGVsbG8=", "ca": "%s"}' % ca.replace("\n", "\\n").encode()
    Handler.answers = {"/enrol/v1/hello": (200, {}, content)}
    line = HubLine(url_of(server, "https"))
    hello = line.hello()
    assert (hello.bundle, hello.ca) == (b"hello", ca)
    assert len(certificate_sha256(ca)) == 64
    assert certificate_sha256("nonsense") == ""
    line.close()


@pytest.mark.parametrize(
    ("answer", "code", "after"),
    [
        ((503, {"Retry-After": "120"}, b'{"code": "HUB_BUSY"}'), "HUB_BUSY", 120),
        ((403, {}, b'{"code": "ROUND_DEVICE", "detail": "x"}'), "ROUND_DEVICE", 0),
        ((502, {}, b"<html>proxy</html>"), "LINE_DOWN", 0),
        ((404, {}, b"not a hub"), "ROUND_FORMAT", 0),
        ((403, {}, b'{"code": "\xff\xfe"}'), "ROUND_FORMAT", 0),
        ((302, {"Location": "http://login.portal/"}, b""), "ROUND_FORMAT", 0),
    ],
)
def test_a_refusal_keeps_its_reason(
    server: ThreadingHTTPServer, answer: tuple[int, dict[str, str], bytes], code: str, after: int
) -> None:
    Handler.answers = {"/sync/v1/round": answer}
    line = HubLine(url_of(server))
    with pytest.raises(LineFault) as fault:
        line.post_round(b"x")
    assert (fault.value.reason.code, fault.value.retry_after_s) == (code, after)
    line.close()


def test_a_cut_connection_is_told_from_a_closed_door(server: ThreadingHTTPServer) -> None:
    Handler.answers = {"/sync/v1/round": (0, {}, b"")}
    line = HubLine(url_of(server))
    with pytest.raises(LineFault) as fault:
        line.post_round(b"x" * 100_000)
    assert fault.value.reason is reasons.LINE_DOWN and fault.value.was_cut
    assert line.is_up()
    line.close()
    nobody = HubLine("http://127.0.0.1:9")
    with pytest.raises(LineFault) as fault:
        nobody.post_round(b"x")
    assert fault.value.reason is reasons.LINE_DOWN and not fault.value.was_cut
    assert not nobody.is_up()
    nobody.close()


def test_an_endless_answer_is_not_read_to_its_end(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", 1000)
    Handler.answers = {"/sync/v1/round": (200, {}, bytes(200_000))}
    line = HubLine(url_of(server))
    with pytest.raises(LineFault, match="ROUND_SIZE"):
        line.post_round(b"x")
    line.close()
