"""The commands: what they print for machines and people, and their exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central_hub.cli import cli
from central_hub.locks import held_lock
from signing.console import BAD_INPUT, FAILED, OK, UNDECIDED


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province") / "hub"
    code, said = run("init", folder, "--password", "mat khau quan tri", "--no-root-passphrase")
    assert code == OK and said["login"] == "quantri" and len(said["fingerprint"]) == 64
    assert Path(said["root_files"][0]).parent == folder.parent / "root"
    return folder


def run(command: str, data: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(cli, [*command.split(), "--data", str(data), "--json", *arguments])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_a_hub_is_not_founded_twice(data: Path) -> None:
    assert run("init", data)[1]["code"] == "HUB_ALREADY_FOUNDED"


def test_commands_of_a_folder_without_a_hub_say_so(tmp_path: Path) -> None:
    for command in ("stats", "doctor", "backup", "rebuild"):
        code, said = run(command, tmp_path / "nothing")
        assert (code, said["code"]) == (FAILED, "HUB_NOT_FOUNDED")
    assert not (tmp_path / "nothing" / "hub.db").exists()


def test_a_code_for_a_commune_by_code_or_name(data: Path) -> None:
    code, by_name = run("enrol", data, "--commune", "hai chau", "--device-name", "PC 1", "--role", "leader")
    assert code == OK and by_name["unit"] == "20242" and by_name["roles"] == ["leader"]
    assert len(by_name["code"].replace("-", "")) == 25
    assert run("enrol", data, "--commune", "20242", "--device-name", "PC 2")[0] == OK


@pytest.mark.parametrize(
    "arguments",
    [
        ("--commune", "hoa", "--device-name", "PC"),
        ("--commune", "xyz", "--device-name", "PC"),
        ("--commune", "20242", "--device-name", " "),
        ("--commune", "20242", "--device-name", "PC", "--role", "administrator"),
    ],
)
def test_a_code_that_makes_no_sense_is_bad_input(data: Path, arguments: tuple[str, ...]) -> None:
    code, said = run("enrol", data, *arguments)
    assert (code, said["code"]) == (BAD_INPUT, "HUB_INPUT")


def test_statistics_of_an_empty_province(data: Path) -> None:
    code, said = run("stats", data, "--from", "20260101", "--to", "20261231", "--group", "month")
    assert code == OK and said["total"]["received"] == 0 and said["total"]["rate_a"]["denominator"] == 0
    assert run("stats", data, "--from", "20261301")[1]["code"] == "HUB_INPUT"


def test_publishing_reads_the_file_first(data: Path, tmp_path: Path) -> None:
    broken, empty = tmp_path / "broken.json", tmp_path / "empty.json"
    broken.write_text("{", encoding="utf-8")
    empty.write_text("{}", encoding="utf-8")
    assert run("publish catalogue", data, str(broken))[0] == BAD_INPUT
    code, said = run("publish calendar", data, str(empty))
    assert (code, said["code"]) == (BAD_INPUT, "HUB_PUBLICATION")


def test_doctor_backup_rebuild_and_restore(data: Path) -> None:
    code, said = run("doctor", data, "--deep")
    healths = {finding["check"]: finding["health"] for finding in said["findings"]}
    assert code == UNDECIDED and healths.pop("backup") == "undecided"
    assert set(healths.values()) == {"ok"}
    code, made = run("backup", data)
    assert code == OK and Path(made["path"]).stat().st_size == made["size_bytes"]
    assert run("doctor", data)[0] == OK
    assert run("rebuild", data)[1]["records"] >= 3
    code, said = run("restore", data, made["path"])
    assert code == OK and Path(said["set_aside"]).exists()
    assert run("doctor", data, "--deep")[0] == OK


def test_nothing_is_rebuilt_or_restored_under_a_running_hub(data: Path) -> None:
    backup = run("backup", data)[1]["path"]
    with held_lock(data / "serve.lock"):
        for command, arguments in (("rebuild", ()), ("restore", (backup,)), ("serve", ("--http",))):
            code, said = run(command, data, *arguments)
            assert (code, said["code"]) == (FAILED, "HUB_RUNNING")


def test_nothing_is_rebuilt_beside_a_judge(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge may outlive a killed `serve` for a moment: two processes would make the same tables."""
    monkeypatch.setattr("central_hub.cli._PATIENCE_S", 0.0)
    with held_lock(data / "judge.lock"):
        code, said = run("rebuild", data)
    assert (code, said["code"]) == (FAILED, "HUB_RUNNING")
    assert run("rebuild", data)[0] == OK


def test_plain_http_is_for_loopback(data: Path) -> None:
    code, said = run("serve", data, "--http", "--host", "0.0.0.0")
    assert (code, said["code"]) == (BAD_INPUT, "HUB_PLAIN_HTTP")


def test_people_are_answered_in_their_language(data: Path) -> None:
    for language, word in (("vi", "Tổng số"), ("en", "Total")):
        result = CliRunner().invoke(cli, ["stats", "--data", str(data), "--lang", language])
        assert word in result.stdout
