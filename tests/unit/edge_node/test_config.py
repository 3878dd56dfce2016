"""Settings: file, environment, bounds."""

from pathlib import Path

import pytest

from edge_node.config import FILE_NAME, ConfigInvalid, EdgeConfig, load_config, write_template


def test_defaults_without_a_file(tmp_path: Path) -> None:
    assert load_config(tmp_path, {}) == EdgeConfig(data=tmp_path)


def test_environment_before_file_before_default(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('port = 8000\nlanguage = "en"\n', encoding="utf-8")
    config = load_config(tmp_path, {"MOTCUA_NODE_PORT": "9000", "MOTCUA_NODE_HTTPS": "true", "OTHER": "1"})
    assert (config.port, config.language, config.https, config.threads) == (9000, "en", True, 6)


@pytest.mark.parametrize(
    "text",
    ["port = 0", "port = 99999", 'port = "x"', "unknown = 1", "language = 'fr'", "port = true", "port ="],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid):
        load_config(tmp_path, {})


def test_the_template_names_every_setting_and_changes_none(tmp_path: Path) -> None:
    write_template(tmp_path)
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert load_config(tmp_path, {}) == EdgeConfig(data=tmp_path)
    (tmp_path / FILE_NAME).write_text(text.replace("# ", ""), encoding="utf-8")
    uncommented = "\n".join(line[2:] for line in text.splitlines() if " = " in line)
    (tmp_path / FILE_NAME).write_text(uncommented, encoding="utf-8")
    assert load_config(tmp_path, {}) == EdgeConfig(data=tmp_path)
    (tmp_path / FILE_NAME).write_text("port = 1", encoding="utf-8")
    write_template(tmp_path)
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8") == "port = 1"
