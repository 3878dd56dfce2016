"""`motcua-verify`: exit codes, both languages, JSON, and no network."""

import socket
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
import segno

from signing import cli, opening
from signing.cli import language_of, main
from signing.exported import encode_export
from signing.plain_text import Language
from signing.proof_file import encode_proof
from signing.report_schema import REPORT_SCHEMA
from signing.trust import Role, sign_bundle
from signing.version import __version__
from tests.support.paper import paper_code
from tests.support.proof_world import ProofWorld


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
    ("language", "said"), [("vi", "Gói tin cậy không đúng"), ("en", "not in the required form")]
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


def test_a_root_may_be_typed_in_groups_as_the_letter_prints_it(desk: Path, cast: Any) -> None:
    fingerprint = cast.bundle().fingerprint
    grouped = " ".join(fingerprint[at : at + 4] for at in range(0, 64, 4))
    assert main(["good.json", "--trust", "trust.json", "--root", grouped]) == 0


def test_a_folder_stands_for_every_file_in_it(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = desk / "case" / "inner"
    folder.mkdir(parents=True)
    for name in ("good.json", "open.json"):
        (folder / name).write_bytes((desk / name).read_bytes())
    assert main(["case", "--trust", "trust.json", "--json"]) == 2
    told = [orjson.loads(line)["indication"] for line in capsys.readouterr().out.splitlines()]
    assert told == ["PASSED", "INDETERMINATE"]


def test_the_schema_is_printed_without_any_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--schema"]) == 0
    assert orjson.loads(capsys.readouterr().out) == REPORT_SCHEMA


@pytest.mark.parametrize(
    "more",
    [
        ["--at", "yesterday"],
        ["--at", "-1"],
        ["--status", "good.json"],
        ["--status", "absent.json"],
        ["--status", "trust.json", "--lang", "en"],
    ],
)
def test_what_cannot_be_used_is_bad_input(desk: Path, more: list[str]) -> None:
    assert main(["good.json", "--trust", "trust.json", *more]) == 3


def test_a_result_pdf_with_its_proof_inside_is_verified(desk: Path) -> None:
    world = ProofWorld()
    record = world.record("Lan", content={"note": "x"})
    proof = encode_proof(world.proof(record, statements=[world.lan()], checkpoints=[]))
    (desk / "result.pdf").write_bytes(
        b"%PDF-1.7\n1 0 obj<<>>stream\n" + zlib.compress(proof) + b"\nendstream"
    )
    (desk / "province.json").write_bytes(world.envelope())
    assert main(["result.pdf", "--trust", "province.json"]) == 0


def test_what_this_installation_could_not_open_is_said_and_is_no_report(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    segno.make(paper_code(), error="m", micro=False).save(str(desk / "code.png"), scale=5)
    (desk / "scan.txt").write_text("MC1:6BFÂ", encoding="utf-8")
    monkeypatch.setattr(opening, "zxingcpp", None)
    assert main(["code.png", "scan.txt", "good.json", "--trust", "trust.json"]) == 3
    shown = capsys.readouterr()
    assert "code.png: Bản cài đặt này không đọc được ảnh" in shown.err
    assert "Tắt bộ gõ tiếng Việt" in shown.err and "rồi quét lại. (MC_TYPED_OVER)" in shown.err
    assert shown.out.startswith("good.json: Hợp lệ: ")
    main(["code.png", "--trust", "trust.json", "--lang", "en"])
    assert "This installation cannot read pictures" in capsys.readouterr().err


def test_the_picture_of_a_code_is_verified(desk: Path, cast: Any, capsys: pytest.CaptureFixture[str]) -> None:
    segno.make(paper_code(), error="m", micro=False).save(str(desk / "code.png"), scale=5)
    assert main(["code.png", "--trust", "trust.json", "--root", cast.bundle().fingerprint, "--json"]) == 0
    report = orjson.loads(capsys.readouterr().out)
    assert report["indication"] == "PASSED"
    assert report["document"]["facts"]["code"] == "H17.20242-261120-0001"
    assert report["not_checked"][0]["id"] == "paper"
