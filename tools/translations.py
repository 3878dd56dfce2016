"""Message catalogues of the two apps: `compile` makes the .mo files, `update` adds new texts at the end of the .po files.

The texts in code and templates are Vietnamese; `translations/en` holds their English. The compiled files are not
committed (they are made by the set-up and carried by the wheel). It does not translate anything.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
APPS = ("edge_node", "central_hub")
Text = str | tuple[str, ...]
_METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
_VALUE = "%("
_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: motcua\\n"
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


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


def update_catalogues(root: Path = ROOT) -> dict[str, list[Text]]:
    """Add the texts of each app and of the look that its English catalogue lacks; what was added, by app."""
    added = {}
    for app in APPS:
        catalogue = root / app / "translations" / "en" / "LC_MESSAGES" / "messages.po"
        before = catalogue.read_text(encoding="utf-8") if catalogue.exists() else _HEADER
        after, added[app] = updated(before, texts_of(root, app))
        if after != before or not catalogue.exists():
            catalogue.parent.mkdir(parents=True, exist_ok=True)
            catalogue.write_text(after, encoding="utf-8", newline="\n")
    return added


def texts_of(root: Path, app: str) -> list[Text]:
    """Every text of an app, and of the look it shows, in the order in which it is found; (singular, plural) where it counts."""
    found: dict[Text, None] = {}
    for folder in (app, "look"):
        for _file, _line, text, _comments, _context in extract_from_dir(root / folder, method_map=_METHODS):
            found.setdefault(tuple(text) if isinstance(text, list | tuple) else text)
    return list(found)


def updated(catalogue: str, texts: Iterable[Text]) -> tuple[str, list[Text]]:
    """A catalogue with an empty entry at its end for each text that it lacks, and those texts.

    What stands in it stays as it is, letter by letter: several people add entries at the end, and a tool that sorted or wrapped
    them would make every merge a conflict.
    """
    known = {
        singular
        for message in read_po(StringIO(catalogue), locale="en")
        for singular in (message.id if isinstance(message.id, tuple) else (message.id,))[:1]
    }
    added = []
    for text in texts:
        singular = text if isinstance(text, str) else text[0]
        if singular not in known:
            known.add(singular)
            added.append(text)
    if not added:
        return catalogue, []
    return catalogue.rstrip("\n") + "\n\n" + "\n\n".join(map(_entry, added)) + "\n", added


def _entry(text: Text) -> str:
    singular, *plural = (text,) if isinstance(text, str) else text
    lines = ["#, python-format"] if _VALUE in singular else []
    lines.append(f"msgid {_quoted(singular)}")
    if plural:
        lines += [f"msgid_plural {_quoted(plural[0])}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("action", choices=["compile", "update"])
    if parser.parse_args().action == "update":
        for app, texts in update_catalogues().items():
            for text in texts:
                sys.stdout.write(f"{app}: {text if isinstance(text, str) else text[0]}\n")
    compile_catalogues()
    return 0


if __name__ == "__main__":
    sys.exit(main())
