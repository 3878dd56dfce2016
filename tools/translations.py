"""Message catalogues of the two apps: `compile` makes the .mo files, `update` collects new texts into the .po files.

The texts in code and templates are Vietnamese; `translations/en` holds their English. The compiled files are not
committed (they are made by the set-up and carried by the wheel). It does not translate anything.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
APPS = ("edge_node", "central_hub")


def compile_catalogues(root: Path = ROOT) -> list[Path]:
    """Compile every catalogue newer than its compiled file; the paths that were written."""
    written = []
    for app in APPS:
        for source in sorted((root / app).glob("translations/*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            _compile(source, target)
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    with source.open(encoding="utf-8") as lines:
        catalogue = read_po(lines, locale=source.parts[-3])
    fresh = target.with_suffix(".mo.new")
    with fresh.open("wb") as out:
        write_mo(out, catalogue)
    fresh.replace(target)


def update_catalogues(root: Path = ROOT) -> None:
    """Extract the texts of each app and of the look, and merge them into its English catalogue, keeping what is translated."""
    for app in APPS:
        folder = root / app / "translations"
        folder.mkdir(exist_ok=True)
        template = folder / "messages.pot"
        mapping = f"--mapping-file={root / 'pyproject.toml'}"
        _babel(
            "extract",
            mapping,
            "--no-location",
            "--omit-header",
            f"--output={template}",
            str(root / app),
            str(root / "look"),
        )
        verb = "update" if (folder / "en" / "LC_MESSAGES" / "messages.po").exists() else "init"
        _babel(verb, f"--input-file={template}", f"--output-dir={folder}", "--locale=en")
        template.unlink()


def _babel(*arguments: str) -> None:
    CommandLineInterface().run(["pybabel", "--quiet", *arguments])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("action", choices=["compile", "update"])
    if parser.parse_args().action == "update":
        update_catalogues()
    compile_catalogues()
    return 0


if __name__ == "__main__":
    sys.exit(main())
