"""The report: three answers kept apart, each with its reason, and nothing hidden."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from signing import canonical
from signing.exported import ExportedRecord, encode_export
from signing.report import Exit, Indication, Report, Result, SubIndication
from signing.trust import Role
from signing.verification import verify

CONTENT = {"fields": {"applicant.name": "Nguyễn Thị Lan"}}
LAN_BODY = {"name": "Trần Minh Lan", "title": "Công chức tiếp nhận"}
PROVINCE, HAI_CHAU, HOA_VANG = "48", "20242", "20293"


def reported(cast: Any, record: ExportedRecord, statements: list[ExportedRecord], **options: Any) -> Report:
    return verify(encode_export(record, statements), cast.bundle(), **options)


def lan(cast: Any, roles: list[Role] | None = None, **changes: Any) -> ExportedRecord:
    stated: ExportedRecord = cast.stated(
        cast.statement("lan", roles or [Role.RECEPTIONIST]), content=LAN_BODY, **changes
    )
    return stated


def result_of(report: Report, check_id: str) -> Result:
    return next(check.result for check in report.checks if check.id == check_id)


def flip(data: bytes, position: int = 0) -> bytes:
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def assert_is(report: Report, indication: Indication, *sub_indications: SubIndication) -> None:
    assert (report.indication, report.sub_indications) == (indication, sub_indications)
    headline = {"PASSED": "Hợp lệ: ", "FAILED": "Không hợp lệ: ", "INDETERMINATE": "Chưa kết luận được: "}
    assert report.vi.startswith(headline[indication])
    assert report.vi.endswith(".")
    assert report.en.endswith(".")


def test_a_right_record_passes(cast: Any) -> None:
    report = reported(cast, cast.record("lan", content=CONTENT, facts={"sets": 1}), [lan(cast)])
    assert_is(report, Indication.PASSED)
    assert report.exit_code is Exit.PASSED
    assert {check.id: check.result for check in report.checks} == {
        "format": Result.PASS,
        "header": Result.PASS,
        "key": Result.PASS,
        "signature": Result.PASS,
        "authority": Result.PASS,
        "delegation": Result.PASS,
        "content": Result.PASS,
        "log": Result.UNKNOWN,
    }
    document, signer = report.document, report.signers[0]
    assert document is not None
    assert (document.kind, document.unit, document.dossier) == ("dossier.received", HAI_CHAU, "11" * 16)
    assert (document.facts, document.content) == ({"sets": 1}, CONTENT)
    assert (signer.name, signer.title, signer.roles) == (
        "Trần Minh Lan",
        "Công chức tiếp nhận",
        ("receptionist",),
    )
    assert report.claimed_ms == 1_700_000_005_000


def test_what_is_not_checked_is_said(cast: Any) -> None:
    report = reported(cast, cast.record("lan"), [lan(cast)])
    named = [item.id for item in report.not_checked]
    assert named == ["log", "revocation", "time", "in_force", "legal_signature"]
    assert orjson.loads(orjson.dumps(report.json()))["document"]["in_force"] == "unknown"
    unpinned = reported(cast, cast.record("lan"), [lan(cast)], root_is_pinned=False)
    assert [item.id for item in unpinned.not_checked] == ["root", *named]


def test_the_age_of_the_bundle_is_told_and_decides_nothing(cast: Any) -> None:
    record, statements = cast.record("lan"), [lan(cast)]
    without = reported(cast, record, statements)
    for now in (0, 1_700_000_000_000, 4_000_000_000_000):
        report = reported(cast, record, statements, now=now)
        assert report.trust.age_ms == now - 1_700_000_000_000
        assert replace(report, trust=without.trust) == without
    undated = verify(encode_export(record, statements), cast.bundle(issued=None), 5)
    assert undated.trust.age_ms is None


def test_the_claimed_time_decides_nothing(cast: Any) -> None:
    seen = set()
    for at in ([0, 0], [-(2**50), 0], [2**53 - 1, 0], [], "x", None, [True, 0]):
        report = reported(cast, cast.record("lan", at=at), [lan(cast)])
        seen.add((report.indication, report.vi))
    assert len(seen) == 1
    assert reported(cast, cast.record("lan", at=[7, 0], offset=None), [lan(cast)]).claimed_ms == 7
    assert reported(cast, cast.record("lan", at=None), [lan(cast)]).claimed_ms is None


def test_a_delegated_key_passes_and_is_named_so(cast: Any) -> None:
    statements = [cast.stated(cast.administrator()), cast.stated(cast.delegated(), signer="hoa")]
    report = reported(cast, cast.record("lan"), statements)
    assert_is(report, Indication.PASSED)
    assert result_of(report, "delegation") is Result.UNKNOWN
    assert report.signers[0].delegated
    assert "tỉnh chưa xác nhận" in report.vi
    assert "unconfirmed" in report.en


def test_statements_may_stand_in_any_order(cast: Any) -> None:
    statements = [cast.stated(cast.delegated(), signer="hoa"), cast.stated(cast.administrator())]
    assert_is(reported(cast, cast.record("lan"), statements), Indication.PASSED)


def test_the_hub_needs_no_statement(cast: Any) -> None:
    report = reported(cast, cast.record("hub", kind="verdict.given"), [])
    assert_is(report, Indication.PASSED)
    assert report.signers[0].name is None


@pytest.mark.parametrize("part", ["signature", "header"])
def test_altered_bytes_fail(cast: Any, part: str) -> None:
    record = cast.record("lan", facts={"sets": 1}, content=CONTENT)
    if part == "signature":
        record = replace(record, signature=flip(record.signature, 40))
    else:
        record = replace(record, header=record.header.replace(b'"sets":1', b'"sets":2'))
    report = reported(cast, record, [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.SIG_CRYPTO_FAILURE)
    assert report.exit_code is Exit.FAILED
    assert report.document is not None
    assert report.document.facts is None
    assert report.document.content is None
    assert report.signers == ()


def test_a_signature_for_another_purpose_fails(cast: Any) -> None:
    from_registry = cast.record("lan")
    seal = cast.root.__class__.from_seed(b"lan".ljust(32, b".")).sign("motcua.seal", from_registry.header)
    report = reported(cast, replace(from_registry, signature=seal), [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.SIG_CRYPTO_FAILURE)


def test_an_unknown_key_is_undecided(cast: Any) -> None:
    report = reported(cast, cast.record("lan", content=CONTENT), [])
    assert_is(report, Indication.INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
    assert report.exit_code is Exit.INDETERMINATE
    assert report.document is not None
    assert report.document.content is None


def test_leaving_evidence_out_never_helps(cast: Any) -> None:
    """A record that fails with all statements at hand is at best undecided with fewer."""
    statements = [cast.stated(cast.administrator()), cast.stated(cast.delegated(), signer="hoa")]
    bad = replace(cast.record("lan"), signature=bytes(64))
    for kept in ([], statements[:1], statements[1:], statements):
        assert reported(cast, bad, kept).indication is not Indication.PASSED


@pytest.mark.parametrize(
    "broken",
    [
        lambda cast: replace(lan(cast), signature=bytes(64)),
        lambda cast: replace(lan(cast), header=lan(cast).header + b" "),
        lambda cast: lan(cast, v=2),
        lambda cast: lan(cast, facts={"delegated": True}),
        lambda cast: lan(cast, facts={"roles": ["mayor"]}),
        lambda cast: lan(cast, facts={"key": "00" * 32}),
        lambda cast: cast.stated(
            cast.statement("lan", [Role.RECEPTIONIST], issuer="stranger"), signer="stranger"
        ),
        lambda cast: cast.record("registry", facts=cast.statement("lan", [Role.RECEPTIONIST]).facts()),
    ],
)
def test_a_broken_chain_is_undecided_and_says_why(cast: Any, broken: Any) -> None:
    report = reported(cast, cast.record("lan"), [broken(cast)])
    assert_is(report, Indication.INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    left_aside = next(check for check in report.checks if check.id == "statement")
    assert left_aside.result is Result.SKIPPED
    assert "MC_" in left_aside.why_vi


def test_a_statement_nobody_needs_spoils_nothing(cast: Any) -> None:
    report = reported(cast, cast.record("lan"), [lan(cast), cast.stated(cast.delegated(), signer="minh")])
    assert_is(report, Indication.PASSED)


@pytest.mark.parametrize(
    ("kind", "commune", "sub_indication"),
    [
        ("verdict.given", HAI_CHAU, SubIndication.MC_ROLE),
        ("dossier.received", HOA_VANG, SubIndication.MC_UNIT),
        ("dossier.received", PROVINCE, SubIndication.MC_UNIT),
    ],
)
def test_a_key_not_entitled_fails(cast: Any, kind: str, commune: str, sub_indication: SubIndication) -> None:
    report = reported(cast, cast.record("lan", kind=kind, commune=commune), [lan(cast)])
    assert_is(report, Indication.FAILED, sub_indication)
    assert result_of(report, "signature") is Result.PASS
    assert report.signers[0].unit == HAI_CHAU


@pytest.mark.parametrize(
    ("changes", "sub_indications"),
    [
        ({"v": 2}, (SubIndication.FORMAT_FAILURE,)),
        ({"v": 2, "kind": "dossier.paid"}, (SubIndication.FORMAT_FAILURE, SubIndication.MC_ROLE)),
        ({"v": 9, "place": {"room": 3}}, (SubIndication.FORMAT_FAILURE,)),
        ({"kind": "dossier.unheard_of"}, (SubIndication.MC_ROLE,)),
    ],
)
def test_what_is_newer_than_the_verifier_is_undecided(
    cast: Any, changes: dict[str, Any], sub_indications: tuple[SubIndication, ...]
) -> None:
    report = reported(cast, cast.record("lan", **changes), [lan(cast)])
    assert_is(report, Indication.INDETERMINATE, *sub_indications)
    assert result_of(report, "signature") is Result.PASS


def test_a_device_takes_no_decision(cast: Any) -> None:
    report = reported(cast, cast.record("device", kind="dossier.moved"), [cast.stated(cast.device())])
    assert_is(report, Indication.FAILED, SubIndication.MC_ROLE)


def test_a_body_left_out_is_undecided(cast: Any) -> None:
    record = replace(cast.record("lan", content=CONTENT), salt=None, content=None)
    report = reported(cast, record, [lan(cast)])
    assert_is(report, Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)
    assert report.document is not None
    assert report.document.facts == {}


@pytest.mark.parametrize("change", [{"salt": b"x" * 16}, {"content": b'{"fields":{}}'}])
def test_another_body_fails(cast: Any, change: dict[str, bytes]) -> None:
    report = reported(cast, replace(cast.record("lan", content=CONTENT), **change), [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.HASH_FAILURE)
    assert report.document is not None
    assert report.document.content is None


def test_a_definite_failure_outweighs_what_is_unknown(cast: Any) -> None:
    record = replace(cast.record("lan", content=CONTENT), salt=None, content=None, signature=bytes(64))
    report = reported(cast, record, [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.SIG_CRYPTO_FAILURE)
    assert result_of(report, "content") is Result.UNKNOWN


def test_a_body_nobody_signed_for_fails(cast: Any) -> None:
    record = replace(cast.record("lan"), salt=b"x" * 16, content=b"{}")
    assert_is(reported(cast, record, [lan(cast)]), Indication.FAILED, SubIndication.HASH_FAILURE)


@pytest.mark.parametrize("content", [b"{ }", b"[]"])
def test_a_signed_body_of_another_form_fails(cast: Any, content: bytes) -> None:
    shape = ExportedRecord(header=b"", signature=b"", salt=b"x" * 16, content=content)
    record = cast.record("lan", body=shape.body_hash)
    report = reported(cast, replace(record, salt=shape.salt, content=content), [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.FORMAT_FAILURE)


@pytest.mark.parametrize(
    "content",
    [{"name": 1, "title": None}, {}, {"name": "", "title": ""}],
    ids=["numbers", "nothing", "empty"],
)
def test_a_name_is_shown_only_if_it_is_one(cast: Any, content: dict[str, Any]) -> None:
    stated = cast.stated(cast.statement("lan", [Role.RECEPTIONIST]), content=content)
    report = reported(cast, cast.record("lan"), [stated])
    assert_is(report, Indication.PASSED)
    assert not report.signers[0].name


def test_a_name_beside_the_statement_is_not_believed(cast: Any) -> None:
    forged = replace(lan(cast), content=canonical.encode({"name": "Chủ tịch"}))
    report = reported(cast, cast.record("lan"), [forged])
    assert_is(report, Indication.PASSED)
    assert report.signers[0].name is None
    shapeless = lan(
        cast, body=ExportedRecord(header=b"", signature=b"", salt=b"x" * 16, content=b"[]").body_hash
    )
    report = reported(cast, cast.record("lan"), [replace(shapeless, salt=b"x" * 16, content=b"[]")])
    assert report.signers[0].name is None


def test_a_later_version_is_undecided(cast: Any) -> None:
    report = reported(cast, cast.record("lan", v=2), [lan(cast)])
    assert_is(report, Indication.INDETERMINATE, SubIndication.FORMAT_FAILURE)
    assert "cập nhật" in report.vi


@pytest.mark.parametrize(
    "change",
    [
        {"v": "1"},
        {"v": True},
        {"facts": []},
        {"kind": None},
        {"commune": 48},
        {"by": []},
        {"dossier": 1},
        {"body": 1},
    ],
)
def test_a_malformed_header_fails(cast: Any, change: dict[str, Any]) -> None:
    made = cast.record("lan")
    header = canonical.encode(orjson.loads(made.header) | change)
    report = reported(cast, replace(made, header=header), [lan(cast)])
    assert_is(report, Indication.FAILED, SubIndication.FORMAT_FAILURE)
    assert report.exit_code is Exit.FAILED


@pytest.mark.parametrize("header", [b"", b"[]", b"{}", b'{"v": 1}'])
def test_a_header_that_is_none_fails(cast: Any, header: bytes) -> None:
    report = reported(cast, replace(cast.record("lan"), header=header), [])
    assert_is(report, Indication.FAILED, SubIndication.FORMAT_FAILURE)
    assert report.document is None


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"{}", b"\xff" * 100], ids=repr)
def test_what_is_no_export_is_bad_input(cast: Any, data: bytes) -> None:
    report = verify(data, cast.bundle())
    assert_is(report, Indication.FAILED, SubIndication.FORMAT_FAILURE)
    assert report.exit_code is Exit.BAD_INPUT
    assert report.input_bytes == len(data)


def test_the_report_is_json_with_every_member(cast: Any) -> None:
    passed = reported(cast, cast.record("lan", content=CONTENT), [lan(cast)], now=1_700_086_400_000)
    bad = verify(b"", cast.bundle())
    shown = orjson.loads(orjson.dumps(passed.json()))
    assert shown.keys() == orjson.loads(orjson.dumps(bad.json())).keys()
    assert shown["report"] == 1
    assert shown["indication"] == "PASSED"
    assert shown["exit_code"] == 0
    assert shown["trust"] == {
        "bundle_version": 1,
        "province": "48",
        "root_fingerprint": cast.bundle().fingerprint,
        "issued": 1_700_000_000_000,
        "age_ms": 86_400_000,
    }
    assert shown["signers"][0]["legal_class"] == "specialised"
    assert shown["time"] == {"claimed": 1_700_000_005_000, "not_before": None, "not_after": None, "tsa": []}
    assert [check["id"] for check in shown["checks"]] == [check.id for check in passed.checks]
    assert bad.json()["document"] is None
