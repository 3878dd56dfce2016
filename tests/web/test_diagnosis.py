"""The diagnostic file: useful to whoever helps, whatever is broken, and without a word about anybody (lesson 22)."""

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from central_hub.sync.diagnosis import read_file
from edge_node.cli import cli
from edge_node.diagnosis.service import diagnose, write_diagnosis
from edge_node.store.alerts import RUN_REFUSED, raise_alert
from sync_protocol.diagnosis import read_diagnosis
from sync_protocol.errors import RemoteFault
from tests.support.node import Browser, browse, lend_codes, receive
from tests.support.office import PIN, TestOffice, make_office
from tests.support.pair import Commune

PERSONAL = ("Phạm Văn Hùng", "Hùng", "Nguyễn", "Trần", "Lan", "Lê Văn Quý", "Quầy", "Đường", PIN, "Hải Châu")


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path / "office")
    lend_codes(made)
    receive(made, 0, "1.001193")
    return made


def words(value: object) -> list[str]:
    """Every text in a value, keys among them."""
    if isinstance(value, dict):
        return [word for pair in value.items() for each in pair for word in words(each)]
    if isinstance(value, list):
        return [word for each in value for word in words(each)]
    return [value] if isinstance(value, str) else []


def test_there_is_nothing_personal_and_no_secret_in_it(office: TestOffice) -> None:
    raise_alert(office.db, RUN_REFUSED, now=1, detail="dossier of Phạm Văn Hùng, C:\\Users\\Lan")
    text = orjson.dumps(diagnose(office.services)).decode()
    assert not [word for word in PERSONAL if word in text]
    bodies = [row[0] for row in office.db.conn.execute("SELECT content FROM body WHERE content IS NOT NULL")]
    typed = {word for content in bodies for word in words(json.loads(content)) if len(word) > 3}
    assert typed and not [word for word in typed if word in text]
    dossiers = [row[0].hex() for row in office.db.conn.execute("SELECT id FROM dossier")]
    assert not [dossier for dossier in dossiers if dossier in text]
    device = office.services.keyring.device
    secrets = [device.seed.hex(), *(path.read_bytes().hex() for path in _key_files(office))]
    assert not [secret for secret in secrets if secret and secret in text]
    assert str(office.services.config.data) not in text and "\\" not in text


def _key_files(office: TestOffice) -> list[Path]:
    return [path for path in office.services.config.keys.rglob("*") if path.is_file()]


def test_it_says_what_a_technician_needs(office: TestOffice) -> None:
    raise_alert(office.db, RUN_REFUSED, now=7, detail="x")
    said = diagnose(office.services)
    assert said["status"]["waiting"] > 0 and said["alerts"] == {RUN_REFUSED: 7}
    assert said["logs"] and all({"log", "base", "length", "head"} <= each.keys() for each in said["logs"])
    assert said["disk"]["free_mb"] > 0 and said["tables"]["guards_missing"] == []
    assert said["checks"]["keys"] == "ok"
    assert not [name for name, part in said.items() if isinstance(part, dict) and "error" in part]


def damage(database: Path) -> None:
    database.write_bytes(b"this is no database at all" * 400)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def remove(database: Path) -> None:
    database.unlink()
    database.mkdir()


@pytest.mark.parametrize("harm", [damage, remove])
def test_a_database_that_does_not_open_is_what_the_file_is_for(
    office: TestOffice, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    office.db.conn.close()
    harm(office.services.config.database)
    said, signature = read_diagnosis(write_diagnosis(office.services, tmp_path / "usb").read_bytes())
    assert said["version"] and signature
    assert "Error" in orjson.dumps(said).decode()


def test_the_button_writes_it_to_the_stick(office: TestOffice, tmp_path: Path) -> None:
    browser: Browser = browse(office)
    stick = tmp_path / "usb"
    stick.mkdir()
    assert "Ghi tệp chẩn đoán" in browser.get(f"/sync/stick?folder={stick}")
    sent = browser.post("/sync/stick/diagnosis", {"drive": "other", "folder": str(stick)})
    assert "Đã ghi" in browser.get(sent.location)
    (path,) = stick.glob("*.motcua-diagnosis.json")
    assert read_diagnosis(path.read_bytes())[0]["device"] == office.office.device


def test_the_command_writes_it(office: TestOffice, tmp_path: Path) -> None:
    data = office.services.config.data
    ran = CliRunner().invoke(cli, ["diagnose", str(tmp_path / "usb"), "--data", str(data), "--json"])
    assert ran.exit_code == 0, ran.output
    assert Path(json.loads(ran.stdout)["file"]).is_file()


def test_the_hub_says_whose_it_is_and_what_is_wrong(commune: Commune, tmp_path: Path) -> None:
    pc = commune.add()
    raise_alert(pc.db, RUN_REFUSED, now=1, detail="x")
    path = write_diagnosis(pc.services, tmp_path / "usb")
    found = read_file(commune.hub, path.read_bytes())
    assert found.is_signed and found.device == pc.services.keyring.device.public.id
    assert f"alert:{RUN_REFUSED}" in found.troubles
    content = orjson.loads(path.read_bytes())
    content["said"]["version"] = "9"
    assert not read_file(commune.hub, orjson.dumps(content)).is_signed
    for junk in (b"", b"{}", b"[]", b'{"format":"motcua-diagnosis 1","said":[],"signature":""}', bytes(9)):
        with pytest.raises(RemoteFault):
            read_file(commune.hub, junk)
