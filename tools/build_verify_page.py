"""Builds `signing/web/verify.html`: the whole verifier in one file that opens from a disk, in any browser, without a network.

Our own modules are joined in the order of their imports, the pinned npm packages stand beside them, the QR reader's
WebAssembly is inlined, and every script and style is named by its hash in the page's policy. The sentences and tables come from
the Python packages, so that there is one source of words. Empty slots take the trust bundle and the newest status when
somebody downloads the page (`signing.verify_page`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

from dossiers.kinds import KINDS
from dossiers.units import load_default_units
from signing import evidence_findings, findings, names, next_steps, paper_findings, reasons, roles
from signing.cuts import Cause
from signing.qr import PaperKind
from signing.report import Check, Indication, InForce, LogPosition, NotChecked, Result
from signing.status import DocumentState, Row, StatusFinding
from signing.verify_page import PAGE_BYTES_MAX
from signing.version import __version__

ROOT: Final = Path(__file__).resolve().parent.parent
WEB: Final = ROOT / "signing" / "web"
MODULES: Final = ROOT / "assets" / "node_modules"

_IMPORT: Final = re.compile(r'^import [^;]*? from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)
_TOP_LEVEL: Final = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


_PLAIN: Final = (
    "not_readable", "readable", "header_malformed", "key_known", "signature_wrong", "signature_right", "entitled", "authority_open",
    "content_none", "content_missing", "content_erased", "content_altered", "content_malformed", "content_right",
    "status_left_aside", "forked", "algorithm_stood", "algorithm_broken", "too_early", "too_late", "interval_unproven",
    "file_named", "file_not_named", "file_unproven", "paper_readable", "registry_believed", "registry_unsigned", "registry_replaced", "device_believed",
    "device_unsigned", "device_provincial", "paper_signed", "paper_forged",
)  # fmt: skip


def build() -> bytes:
    """The page's bytes."""
    page = (WEB / "page.html").read_text(encoding="utf-8")
    style = (WEB / "page.css").read_text(encoding="utf-8")
    wasm = base64.b64encode((MODULES / "zxing-wasm/dist/reader/zxing_reader.wasm").read_bytes()).decode()
    scripts = {
        "tweetnacl": _package("tweetnacl/nacl-fast.min.js"),
        "zxing": _package("zxing-wasm/dist/iife/reader/index.js"),
        "program": f'"use strict";\n(() => {{\n{joined_modules("page")}}})();\n',
    }
    filled = page.replace("/* style */", style).replace("<!-- wasm -->", wasm)
    filled = filled.replace("<!-- licences -->", _licences())
    for name, source in scripts.items():
        filled = filled.replace(f"/* {name} */", source)
    digest = hashlib.sha256(filled.encode()).hexdigest()
    filled = filled.replace("PROGRAM-DIGEST", digest).replace("PROGRAM-VERSION", __version__)
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src 'wasm-unsafe-eval' "
            + " ".join(f"'sha256-{_hash(each)}'" for each in scripts.values()),
            f"style-src 'sha256-{_hash(style)}'",
            "img-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return filled.replace("CONTENT-POLICY", policy).encode()


def joined_modules(entry: str) -> str:
    """Our modules as one script: what is imported stands before what imports it, and no name stands twice."""
    sources: dict[str, str] = {}
    _gather(entry, sources)
    names = [name for source in sources.values() for name in _TOP_LEVEL.findall(source)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"these names stand twice at the top level: {', '.join(sorted(twice))}")
    return "".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources.values())


def _gather(name: str, sources: dict[str, str], above: tuple[str, ...] = ()) -> None:
    if name in sources or name in above:
        return  # a module above: functions may name one another, they run when all is there
    source = words_module() if name == "words" else (WEB / f"{name}.js").read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        _gather(imported, sources, (*above, name))
    sources[name] = source


def words_module() -> str:
    """`words.js`: every sentence and table that Python has, as constants."""
    units = load_default_units()
    constants = {
        "VERSION": __version__,
        "CHECKS": {name: _check(check) for name, check in _checks()},
        "NOT_CHECKED": {item.id: {"vi": item.vi, "en": item.en} for item in _not_checked()},
        "REASONS": {each.code: {"vi": each.vi, "en": each.en} for each in reasons.REASONS},
        "SUMMARY": _summary(),
        "NEXT_STEPS": {step.value: {"vi": vi, "en": en} for step, (vi, en) in next_steps.WORDS.items()},
        "TABLES": {
            "roles": [role.value for role in roles.Role],
            "officeRoles": sorted(roles.OFFICE_ROLES),
            "provinceRoles": sorted(roles.PROVINCE_ROLES),
            "grants": {issuer.value: sorted(given) for issuer, given in roles.GRANTS.items()},
            "causes": [cause.value for cause in Cause],
            "documentStates": [state.value for state in DocumentState],
            "paperKinds": {str(int(kind)): kind.name.lower() for kind in PaperKind},
        },
        "KINDS": {kind.code: {"vi": kind.vi, "en": kind.en} for kind in KINDS.values()},
        "FIELDS": _named(names.FIELD_NAMES),
        "VALUES": {name: _named(values) for name, values in names.VALUE_NAMES.items()},
        "STATES": _named({str(code): said for code, said in names.STATE_NAMES.items()}),
        "FOR_PROGRAMS": sorted(names.FOR_PROGRAMS),
        "INSTANTS": sorted(names.INSTANTS),
        "DAYS": sorted(names.DAYS),
        "STATE_FIELDS": sorted(names.STATE_FIELDS),
        "UNIT_FIELDS": sorted(names.UNIT_FIELDS),
        "GROUPED": sorted(names.GROUPED),
        "UNITS": {unit.code: unit.name for unit in (units.province, *units.communes)},
    }
    return "".join(
        f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n"
        for name, value in constants.items()
    )


def _named(table: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {"vi": vi, "en": en} for name, (vi, en) in table.items()}


def _check(check: Check) -> dict[str, Any]:
    keep = ("id", "result", "sub_indication", "why_vi", "why_en")
    return {name: value for name, value in check.json().items() if name in keep}


def _checks() -> Iterator[tuple[str, Check]]:
    """Every check that verification can record, by the name that `verify.js` calls it."""
    for room in (findings, evidence_findings, paper_findings):
        yield from _plain_checks(room)
    yield "header:known", findings.header(1, is_known=True)
    yield "header:unknown", findings.header(1, is_known=False)
    placeholder = reasons.Reason(
        code="CODE", status=0, retryable=False, vi=" ", en=" ", next_vi="", next_en=""
    )
    refused = findings.statement_refused("", placeholder)
    yield "statement_refused", _without_blank(refused)
    yield "key_unknown", findings.key_unknown("", some_refused=False)
    yield "key_unknown:refused", findings.key_unknown("", some_refused=True)
    for reason in (reasons.ROLE, reasons.UNIT):
        yield f"not_entitled:{reason.code}", findings.not_entitled(reason, "")
    yield "delegation", findings.delegation("", is_delegated=False)
    yield "delegation:delegated", findings.delegation("", is_delegated=True)
    yield "checkpoint_refused", evidence_findings.checkpoint_refused(0, "", is_short=False)
    yield "checkpoint_refused:short", evidence_findings.checkpoint_refused(0, "", is_short=True)
    yield (
        "logged",
        evidence_findings.logged(LogPosition(origin="", index=0, size=0, witnesses=(), quorum="")),
    )
    for name, has_evidence, is_short in (
        ("not_logged", False, False),
        ("not_logged:evidence", True, False),
        ("not_logged:short", True, True),
    ):
        yield (
            name,
            evidence_findings.not_logged(has_evidence=has_evidence, is_short=is_short, is_required=True),
        )
    for row in Row:
        yield f"status:{row}", evidence_findings.status(_finding(row))
    yield "status_fresh", evidence_findings.status_fresh(is_old=False, days=0)
    yield "status_fresh:old", evidence_findings.status_fresh(is_old=True, days=8)
    yield "status_stale", evidence_findings.status_stale(0)
    for state in InForce:
        yield f"in_force:{state}", evidence_findings.in_force(state, None)


def _plain_checks(room: Any) -> Iterator[tuple[str, Check]]:
    """Those whose words depend on nothing: functions of no argument, or of one that is only the evidence."""
    for name in _PLAIN:
        made = getattr(room, name, None)
        if made is not None:
            yield name, made(*[""] * made.__code__.co_argcount)


def _finding(row: Row) -> StatusFinding:
    from signing.cuts import Place  # noqa: PLC0415 — only here

    return StatusFinding(
        indication=Indication.PASSED,
        sub_indication=None,
        row=row,
        place=Place(record="", by="", log="", seq=0),
    )


def _without_blank(check: Check) -> Check:
    return Check(
        id=check.id,
        result=check.result,
        why_vi=check.why_vi.rstrip() + " ",
        why_en=check.why_en.rstrip() + " ",
    )


def _not_checked() -> Iterator[NotChecked]:
    for room in (findings, evidence_findings, paper_findings):
        for value in vars(room).values():
            if isinstance(value, NotChecked):
                yield value


def _summary() -> dict[str, Any]:
    """The sentences of `findings.summary`, taken by asking it."""

    def open_check(name: str) -> Check:
        return Check(id=name, result=Result.UNKNOWN, why_vi="", why_en="")

    passed, headlines = {}, {}
    for delegated, old, state in product((False, True), (False, True), (InForce.UNKNOWN, InForce.CORRECTED)):
        checks = [open_check("delegation")] * delegated + [open_check("freshness")] * old
        vi, en = findings.summary(Indication.PASSED, checks, state)
        name = (
            f"{'delegated' if delegated else 'confirmed'}:{'old' if old else 'recent'}"
            f"{':corrected' if state is InForce.CORRECTED else ''}"
        )
        passed[name] = [vi.partition(": ")[2], en.partition(": ")[2]]
        if state is InForce.CORRECTED:
            named = findings.summary(Indication.PASSED, checks, state, "NUMBERS")
            passed[f"{name}:named"] = [each.partition(": ")[2] for each in named]
        headlines["PASSED"] = [vi.partition(": ")[0], en.partition(": ")[0]]
    for indication, result in (
        (Indication.FAILED, Result.FAIL),
        (Indication.INDETERMINATE, Result.UNKNOWN),
    ):
        decided = findings.not_readable("")
        check = Check(
            id="x",
            result=result,
            why_vi="x",
            why_en="x",
            sub_indication=decided.sub_indication,
        )
        vi, en = findings.summary(indication, [check], InForce.UNKNOWN)
        headlines[indication.value] = [vi.partition(": ")[0], en.partition(": ")[0]]
    out_of_force = {
        state.value: [*findings.summary(Indication.PASSED, [], state)]
        for state in (InForce.WITHDRAWN, InForce.SUPERSEDED)
    }
    out_of_force_named = {
        state: [*findings.summary(Indication.PASSED, [], InForce(state), "NUMBERS")] for state in out_of_force
    }
    return {
        "headlines": headlines,
        "passed": passed,
        "outOfForce": out_of_force,
        "outOfForceNamed": out_of_force_named,
    }


def _package(path: str) -> str:
    source = (MODULES / path).read_text(encoding="utf-8")
    if "</script" in source:
        raise SystemExit(f"{path} would end the script element it stands in")
    return re.sub(r"\n//# sourceMappingURL=.*", "", source)


def _licences() -> str:
    """The notices of everything inlined."""
    notices = []
    for package, files in {"tweetnacl": ["LICENSE"], "zxing-wasm": ["LICENSE"]}.items():
        described = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
        texts = [(MODULES / package / name).read_text(encoding="utf-8").strip() for name in files]
        notices.append("\n\n".join([f"{package} {described['version']} ({described['license']})", *texts]))
    notices.append(
        "ZXing-C++ (Apache-2.0), inside zxing-wasm: https://github.com/zxing-cpp/zxing-cpp\n"
        "The licence text is that of Motcua itself: http://www.apache.org/licenses/LICENSE-2.0"
    )
    return "\n\n\n".join(notices).replace("&", "&amp;").replace("<", "&lt;")


def _hash(source: str) -> str:
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def main() -> int:
    if not (MODULES / "zxing-wasm").is_dir():
        print("setup: the browser files are not there; run tools/fetch_assets.py first", file=sys.stderr)
        return 1
    page = build()
    if len(page) > PAGE_BYTES_MAX:
        print(f"setup: verify.html has {len(page)} bytes, {PAGE_BYTES_MAX} are allowed", file=sys.stderr)
        return 1
    target = WEB / "verify.html"
    if not target.exists() or target.read_bytes() != page:
        target.write_bytes(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
