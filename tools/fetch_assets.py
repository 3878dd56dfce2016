"""Brings the browser's files into our packages: npm, the pinned lock, then only what `assets/vendor.toml` chooses.

An office has no internet, so nothing may come from a CDN: the chosen files and the licence notice of everything in
them are copied to `<package>/static/vendor/`, which git ignores and the wheel carries. Standard library only, because
this also runs where a wheel is built without the development environment. It does not change any file it copies.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("look", "central_hub")
_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
_STROKE = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
_ROOT_ELEMENT = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_INVISIBLE_BOX = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


class AssetsMissing(Exception):
    """The files cannot be fetched here; the text says what to do."""


def fetch(root: Path = ROOT) -> bool:
    """Make both `static/vendor` folders current; False when they already were."""
    assets = root / "assets"
    wanted = _digest(assets / "package-lock.json", assets / "vendor.toml", Path(__file__))
    if all(_stamp(root, package) == wanted for package in PACKAGES):
        return False
    _install_packages(assets)
    chosen = tomllib.loads((assets / "vendor.toml").read_text(encoding="utf-8"))
    for package in PACKAGES:
        _fill_vendor_folder(root, package, chosen, wanted)
    return True


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _stamp(root: Path, package: str) -> str:
    path = root / package / "static" / "vendor" / ".setup-stamp"
    return path.read_text(encoding="ascii") if path.exists() else ""


def _install_packages(assets: Path) -> None:
    stamp = assets / "node_modules" / ".setup-stamp"
    wanted = _digest(assets / "package-lock.json")
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise AssetsMissing("npm is not on the PATH (Debian: apt-get install nodejs npm)")
    print("setup: fetching the browser files with npm", file=sys.stderr)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=assets, check=False).returncode != 0:  # noqa: S603
        raise AssetsMissing("npm ci failed; its message is above")
    stamp.write_text(wanted, encoding="ascii")


def _fill_vendor_folder(root: Path, package: str, chosen: Mapping[str, Any], stamp: str) -> None:
    # Filled beside the old folder and then put in its place: a server running meanwhile never sees half of it.
    vendor = root / package / "static" / "vendor"
    fresh = vendor.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    modules = root / "assets" / "node_modules"
    notices = []
    for name, entry in chosen.items():
        if package not in entry["packages"]:
            continue
        _copy_entry(entry, modules, fresh / name)
        notices.append(_notice(name, entry, modules))
    (fresh / "THIRD-PARTY.txt").write_text("\n".join(notices), encoding="utf-8", newline="\n")
    (fresh / ".setup-stamp").write_text(stamp, encoding="ascii")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def _copy_entry(entry: Mapping[str, Any], modules: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for source in entry.get("files", []):
        shutil.copyfile(modules / source, folder / Path(source).name)
    for name, source in entry["licences"].items():
        shutil.copyfile(modules / source, folder / name)
    if "sprite" in entry:
        text = sprite({name: _icon(modules, entry, name) for name in entry["sprite"]})
        (folder / "icons.svg").write_text(text, encoding="utf-8", newline="\n")


def _icon(modules: Path, entry: Mapping[str, Any], name: str) -> str:
    return (modules / entry["sprite_from"] / f"{name}.svg").read_text(encoding="utf-8")


def sprite(icons: Mapping[str, str]) -> str:
    """One SVG whose symbols are the icons: one request for all of them, drawn in the colour of the text around."""
    symbols = "".join(_symbol(name, icons[name]) for name in sorted(icons))
    return f"<svg {_NAMESPACE}>\n{symbols}</svg>\n"


def _symbol(name: str, svg: str) -> str:
    match = _ROOT_ELEMENT.search(svg)
    if match is None:
        raise AssetsMissing(f"icon {name} is not an SVG")
    shapes = "".join(line.strip() for line in match[1].replace(_INVISIBLE_BOX, "").splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24" {_STROKE}>{shapes}</symbol>\n'


def _notice(name: str, entry: Mapping[str, Any], modules: Path) -> str:
    package = json.loads((modules / entry["package"] / "package.json").read_text(encoding="utf-8"))
    files = ", ".join(f"{name}/{licence}" for licence in entry["licences"])
    return f"{package['name']} {package['version']} ({package['license']}): {files}\n"


def main() -> int:
    try:
        fetch()
    except AssetsMissing as reason:
        print(f"setup: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
