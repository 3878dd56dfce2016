"""The golden corpus: every case gives the finding that its name says, through the function and through the command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from signing import cli
from signing.bundles import open_unpinned_bundle
from signing.report import Report
from signing.snapshot import open_snapshot
from signing.verification import VerifyPolicy, verify
from tests.support.corpus import made
from tests.support.corpus.cases import FOLDER, stored

CASES = list(stored())
MEMBERS = {
    "report", "indication", "sub_indications", "exit_code", "vi", "en", "force", "document", "signers", "time", "log", "records",
    "status", "checks", "not_checked", "unused", "trust", "verifier", "input",
}  # fmt: skip


def reported(case: dict[str, Any]) -> Report:
    bundle = open_unpinned_bundle(case["trust_bytes"])
    status = None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)
    policy = VerifyPolicy(require_log=case["require_log"])
    return verify(case["data"], bundle, case["now"], status=status, policy=policy, root_is_pinned=False)


def test_the_committed_files_are_what_the_program_makes() -> None:
    files = {
        str(path.relative_to(FOLDER).as_posix()): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    assert files == made().files


def test_there_are_enough_cases_of_every_kind() -> None:
    assert len(CASES) >= 200
    assert len({case["name"] for case in CASES}) == len(CASES)
    for indication in ("PASSED", "FAILED", "INDETERMINATE"):
        assert sum(case["expected"]["indication"] == indication for case in CASES) >= 50
    named = {sub for case in CASES for sub in case["expected"]["sub_indications"]}
    assert named == {
        "FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND", "SIGNED_DATA_NOT_FOUND", "MC_ROLE", "MC_UNIT", "MC_NOT_LOGGED", "MC_QUORUM",
        "MC_CHAIN_FORKED", "REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE", "NO_POE", "NOT_YET_VALID", "TRY_LATER",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_finding_is_the_expected_one(case: dict[str, Any]) -> None:
    report = reported(case)
    expected = case["expected"]
    assert (report.indication, [*report.sub_indications], report.exit_code) == (
        expected["indication"],
        expected["sub_indications"],
        expected["exit_code"],
    )
    assert expected["in_force"] == report.force.in_force
    assert {report.records[position].in_force for position in report.force.records} <= {report.force.in_force}
    shown = orjson.loads(orjson.dumps(report.json()))
    assert shown.keys() == MEMBERS
    assert "hợp lệ" not in shown["vi"].lower() or shown["indication"] != "INDETERMINATE"


def test_a_record_that_is_not_rightly_signed_shows_nothing() -> None:
    for case in CASES:
        for record in reported(case).records:
            if "SIG_CRYPTO_FAILURE" in record.sub_indications or record.signer is None:
                assert record.document is None or (record.document.facts, record.document.content) == (
                    None,
                    None,
                )


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """`motcua-verify --json` on a case: exit code and report."""

    def run(case: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for name in ("data", "trust_bytes", "status_bytes"):
            (tmp_path / name).write_bytes(case[name] or b"")
        arguments = [str(tmp_path / "data"), "--trust", str(tmp_path / "trust_bytes"), "--json"]
        arguments += ["--status", str(tmp_path / "status_bytes")] if case["status_bytes"] else []
        arguments += ["--require-log"] if case["require_log"] else []
        arguments += ["--at", "none" if case["now"] is None else str(case["now"])]
        code = cli.main(arguments)
        return code, orjson.loads(capsys.readouterr().out)

    yield run


@pytest.mark.slow
def test_the_command_says_the_same(command: Any) -> None:
    for case in CASES:
        code, shown = command(case)
        assert shown == orjson.loads(orjson.dumps(reported(case).json())), case["name"]
        assert code == shown["exit_code"], case["name"]
