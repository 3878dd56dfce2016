"""`motcua-verify`: exit codes, both languages, JSON, and no network."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import orjson
import pytest

from signing import cli
from signing.cli import language_of, main
from signing.exported import encode_export
from signing.plain_text import Language
from signing.trust import Role, sign_bundle
from signing.version import __version__


@pytest.fixture
def desk(cast: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a trust bundle and one file for each answer."""
    stated = cast.stated(cast.statement("lan", [Role.RECEPTIONIST]))
    record = cast.record("lan")
    (tmp_path / "trust.json").write_bytes(sign_bundle(cast.payload(), [cast.root]))
    (tmp_path / "good.json").write_bytes(encode_export(record, [stated]))
    (tmp_path / "bad.json").write_bytes(encode_export(replace(record, signature=bytes(64)), [stated]))
    (tmp_path / "open.json").write_bytes(encode_export(record, []))
    (tmp_path / "other.json").write_bytes(b"%PDF-1.7")
    (tmp_path / "large.json").write_bytes(b" " * (1 << 21))
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "socket", _no_socket)
    return tmp_path


def _no_socket(*_: object, **__: object) -> None:
    raise AssertionError("the verifier opened a socket")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["good.json"], 0),
        (["bad.json"], 1),
        (["open.json"], 2),
        (["other.json"], 3),
        (["large.json"], 3),
        (["absent.json"], 3),
        (["good.json", "open.json"], 2),
        (["bad.json", "open.json", "good.json"], 1),
        (["other.json", "bad.json"], 3),
        (["absent.json", "good.json"], 3),
    ],
)
def test_the_worst_file_decides(desk: Path, files: list[str], code: int) -> None:
    assert main([*files, "--trust", "trust.json"]) == code


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_verified(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["absent.json", "good.json", "--trust", "trust.json"])
    shown = capsys.readouterr()
    assert "absent.json: không đọc được tệp" in shown.err
    assert shown.out.startswith("good.json: Hợp lệ: ")


def test_languages(desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["good.json", "absent.json", "--trust", "trust.json"]
    main([*arguments, "--lang", "en"])
    shown = capsys.readouterr()
    assert shown.out.startswith("good.json: Valid: ")
    assert "cannot be read" in shown.err
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    main(arguments)
    assert capsys.readouterr().out.startswith("good.json: Valid: ")
    main([*arguments, "--lang", "vi"])
    assert capsys.readouterr().out.startswith("good.json: Hợp lệ: ")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.VI),
        ({"LANG": "C.UTF-8"}, Language.VI),
        ({"LANG": "en_US.UTF-8"}, Language.EN),
        ({"LANG": "en_US", "LC_ALL": "vi_VN"}, Language.VI),
        ({"LANG": "vi_VN", "LC_ALL": "", "LC_MESSAGES": "en"}, Language.EN),
    ],
)
def test_the_language_follows_the_environment(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) is language


def test_json_is_one_report_a_line(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["good.json", "bad.json", "--trust", "trust.json", "--json"])
    good, bad = (orjson.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (good["indication"], bad["indication"]) == ("PASSED", "FAILED")
    assert good["trust"]["age_ms"] > 0
    assert good["not_checked"][0]["id"] == "root"


def test_a_root_fingerprint_pins(desk: Path, cast: Any, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["good.json", "--trust", "trust.json", "--json", "--root"]
    assert main([*arguments, cast.bundle().fingerprint]) == 0
    assert orjson.loads(capsys.readouterr().out)["not_checked"][0]["id"] == "log"
    assert main([*arguments, "00" * 32]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "MC_TRUST_PIN" in shown.err


@pytest.mark.parametrize(
    ("language", "said"), [("vi", "Tệp tin cậy không đúng"), ("en", "not in the required form")]
)
def test_a_useless_trust_bundle_is_bad_input(
    desk: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    assert main(["good.json", "--trust", "other.json", "--lang", language]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["good.json"], ["--trust", "trust.json"], ["good.json", "--trust", "trust.json", "--lang", "fr"]],
)
def test_a_wrong_call_is_bad_input(desk: Path, arguments: list[str]) -> None:
    assert main(arguments) == 3


def test_help_and_version_succeed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_an_interrupted_run_does_not_pass(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise click.Abort

    monkeypatch.setattr(cli, "verify", interrupted)
    assert main(["good.json", "--trust", "trust.json"]) == 1


def test_a_stream_without_an_encoding_is_left_alone(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            pass

    monkeypatch.setattr("sys.stdout", Plain())
    assert main(["good.json", "--trust", "trust.json"]) == 0
