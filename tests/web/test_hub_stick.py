"""Parcels at the hub: taken like rounds, answered for one PC alone, and a reason for everything that cannot be used."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from central_hub.store.engine import reading, writing
from central_hub.store.tables import DEVICE, LOG, SET_ASIDE
from central_hub.sync.parcels import Asked, GivenFile, TakenParcel, asked_by_nobody, judge_now, take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked
from signing.keys import BoxKey, SigningKey
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.parcel import REQUESTS, Label, ParcelWriter, Part, enclose, open_answer, part_name
from sync_protocol.receipts import open_receipt
from sync_protocol.wire import Beacon, Entry, RoundAnswer, RoundRequest, encode_request
from tests.support.device_log import key_of
from tests.support.hub import Desk, ProvinceHub, Visitor, found_province, receive
from tests.support.parcels import Kept

HAI_CHAU, HOA_CUONG = "20242", "20257"
BEACON = Beacon(
    version="0.1.0", fold=1, unsent=99, oldest_unsent_s=7_000, conflicts=0, refused=0, offset_ms=12, disk_free_mb=9_000,
    database_mb=4, codes_left=500,
)  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path / "hub")


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    made = hub.enrol(HAI_CHAU)
    for number in range(13):
        receive(made, hub.clock.now, number)
    return made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick" / "motcua").mkdir(parents=True)
    return tmp_path / "stick"


def requests(desk: Desk, stops: list[int]) -> list[bytes]:
    """What the PC would post, in rounds that end at these lengths."""
    length = stops[-1]
    head = bytes.fromhex(desk.log.records[length - 1].link)[:16]
    messages = []
    for first, stop in zip([0, *stops], stops, strict=False):
        request = RoundRequest(
            protocol=1, device=bytes.fromhex(desk.device), challenge=b"", hub_epoch=bytes(16), sent_ms=0,
            frontier=[Entry(bytes.fromhex(desk.log.log), 0, length, head)], digest=b"", receipt=b"", beacon=BEACON,
            bytes_max=200_000, runs=[encode_run(desk.log.run(first, stop))] if stop > first else [],
        )  # fmt: skip
        messages.append(encode_request(request, desk.log.device))
    return messages


def parcel(
    hub: ProvinceHub, desk: Desk, messages: list[bytes], *, name: str = "a", part_bytes_max: int = 1 << 20,
    signer: SigningKey | None = None, box: str = "", **changes: Any,
) -> dict[str, bytes]:  # fmt: skip
    keys, key = hub.services.keys, b"k" * 32
    fields: dict[str, Any] = {
        "parcel": (name * 32)[:32], "part": 1, "content": REQUESTS, "sender": desk.device, "unit": desk.unit,
        "recipients": [enclose(key, keys.hub.public.id, box or keys.box.hex)], "logs": [], "at": hub.clock.now,
    } | changes  # fmt: skip
    sinks: dict[str, Kept] = {}
    label = Label(**fields)

    def open_part(number: int) -> Kept:
        sinks[part_name(label, number)] = Kept()
        return sinks[part_name(label, number)]

    writer = ParcelWriter(
        label, key=key, sender=signer or desk.log.device, open_part=open_part, part_bytes_max=part_bytes_max
    )
    for message in messages:
        writer.add(message)
    writer.close()
    return {name: sink.content for name, sink in sinks.items()}


def take(hub: ProvinceHub, files: dict[str, bytes], **options: Any) -> list[TakenParcel]:
    given = [
        GivenFile(name=name, size_bytes=len(content), reader=lambda content=content: BytesIO(content))  # type: ignore[misc]
        for name, content in files.items()
    ]
    return take_parcels(hub.services, given, **options)


def held(hub: ProvinceHub, desk: Desk) -> int:
    with reading(hub.services.engine) as connection:
        return connection.scalar(select(LOG.c.length).where(LOG.c.id == desk.log.log)) or 0


def beacon_of(hub: ProvinceHub, desk: Desk) -> str:
    with reading(hub.services.engine) as connection:
        return str(connection.scalar(select(DEVICE.c.beacon).where(DEVICE.c.id == desk.device)))


def answers(hub: ProvinceHub, desk: Desk, content: bytes) -> list[RoundAnswer]:
    box = BoxKey.from_seed(desk.log.device.seed)
    part = Part(BytesIO(content))
    part.verify(hub.services.keys.hub.public)
    messages = list(part.messages(desk.device, box))
    return [open_answer(m, device=desk.device, hub=hub.services.keys.hub.public) for m in messages]


def test_a_parcel_is_taken_like_rounds_and_twice_like_once(hub: ProvinceHub, desk: Desk) -> None:
    length = len(desk.log.records)
    files = parcel(hub, desk, requests(desk, [3, 7, length]))
    (taken,) = take(hub, files)
    assert (taken.records, taken.problem, held(hub, desk)) == (length, None, length)
    assert '["0.1.0",1,0,0,' in beacon_of(hub, desk)
    (again,) = take(hub, files)
    assert (again.records, again.problem, held(hub, desk)) == (0, None, length)


def test_a_late_stick_brings_records_but_no_news_of_the_pc(hub: ProvinceHub, desk: Desk) -> None:
    old = parcel(hub, desk, requests(desk, [4]), name="b")
    take(hub, parcel(hub, desk, requests(desk, [len(desk.log.records)])))
    with writing(hub.services.engine) as connection:
        connection.execute(DEVICE.update().values(beacon=beacon_of(hub, desk).replace("9000", "1234")))
    (taken,) = take(hub, old)
    assert (taken.problem, held(hub, desk)) == (None, len(desk.log.records))
    assert "1234" in beacon_of(hub, desk)


def test_a_missing_part_costs_what_is_in_it_and_is_told(hub: ProvinceHub, desk: Desk) -> None:
    files = parcel(hub, desk, requests(desk, [3, 6, 9, 12]), part_bytes_max=2_000)
    names = sorted(files)
    assert len(names) > 2
    last = take(hub, {name: files[name] for name in names[1:]})[0]
    assert last.problem is not None and held(hub, desk) == 0
    most = take(hub, {name: files[name] for name in names[:-1]})[0]
    assert most.problem is not None and most.problem.reason.code == "PARCEL_CUT"
    assert 0 < held(hub, desk) < 12
    assert take(hub, files)[0].problem is None and held(hub, desk) == 12


def test_wherever_a_stick_is_cut_what_came_before_counts(hub: ProvinceHub, desk: Desk) -> None:
    ((name, content),) = parcel(hub, desk, requests(desk, [3, 6, 9])).items()
    before = 0
    for at in range(0, len(content), 97):
        (taken,) = take(hub, {name: content[:at]})
        assert taken.problem is not None and taken.problem.reason.code in ("PARCEL_CUT", "PARCEL_FORMAT")
        assert held(hub, desk) in (0, 3, 6, 9) and held(hub, desk) >= before
        before = held(hub, desk)
    assert take(hub, {name: content})[0].problem is None and held(hub, desk) == 9


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("a stranger's", "ROUND_DEVICE"), ("signed by another PC", "PARCEL_SENDER"),
        ("another PC's requests", "PARCEL_SENDER"), ("for another hub", "PARCEL_RECIPIENT"),
        ("enclosed wrongly", "PARCEL_DAMAGED"), ("no requests", "ROUND_FORMAT"), ("rubbish", "PARCEL_FORMAT"),
        ("changed", "PARCEL_DAMAGED"), ("no end", "PARCEL_CUT"),
    ],
)  # fmt: skip
def test_hostile_parcels_change_nothing_and_get_a_reason(
    hub: ProvinceHub, desk: Desk, what: str, code: str
) -> None:
    other = hub.enrol(HOA_CUONG)
    good = requests(desk, [5])
    made: dict[str, Any] = {
        "a stranger's": lambda: parcel(hub, desk, good, sender=key_of("stranger").public.id, signer=key_of("stranger")),
        "signed by another PC": lambda: parcel(hub, desk, good, signer=other.log.device),
        "another PC's requests": lambda: parcel(hub, other, good),
        "for another hub": lambda: parcel(
            hub, desk, good, recipients=[enclose(b"k" * 32, "ab" * 16, hub.services.keys.box.hex)]
        ),
        "enclosed wrongly": lambda: parcel(hub, desk, good, box=BoxKey.from_seed(b"x" * 32).hex),
        "no requests": lambda: parcel(hub, desk, [b"\1" * 200]),
        "rubbish": lambda: {"x.motcua": b"rubbish"},
        "changed": lambda: {n: c[:900] + bytes([c[900] ^ 1]) + c[901:] for n, c in parcel(hub, desk, good).items()},
        "no end": lambda: {n: c[:-54] for n, c in parcel(hub, desk, good).items()},
    }  # fmt: skip
    (taken,) = take(hub, made[what]())
    assert taken.problem is not None and taken.problem.reason.code == code
    assert held(hub, desk) == (5 if what == "no end" else 0)
    with reading(hub.services.engine) as connection:
        assert connection.execute(select(SET_ASIDE)).first() is None


def test_the_answer_is_what_a_round_would_bring_and_for_that_pc_alone(
    hub: ProvinceHub, desk: Desk, stick: Path
) -> None:
    length = len(desk.log.records)
    (taken,) = take(hub, parcel(hub, desk, requests(desk, [length])))
    assert judge_now(hub.services, {HAI_CHAU}) and taken.asked is not None
    written = answer_on(hub.services, stick, taken.asked)
    (path,) = (stick / "motcua").iterdir()
    content = path.read_bytes()
    got = answers(hub, desk, content)
    receipt = open_receipt(got[0].receipt, hub.services.keys.hub.public)
    assert receipt.logs[desk.log.log].judged == length and got[0].challenge == b""
    sent = [decode_run(frame) for answer in got for frame in answer.runs]
    assert sum(len(run.records) for run in sent) == written.label.records > 0
    assert written.label.answers == taken.parcel
    with pytest.raises(RemoteFault, match="PARCEL_RECIPIENT"):
        next(Part(BytesIO(content)).messages("ab" * 16, hub.services.keys.box))
    # Another answer for the same PC takes the place of this one; the request beside it stays.
    answer_on(hub.services, stick, taken.asked)
    assert len(list((stick / "motcua").iterdir())) == 1 and not path.exists()


def test_a_long_answer_comes_in_several_messages_and_parts(
    hub: ProvinceHub, desk: Desk, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(hub, parcel(hub, desk, requests(desk, [len(desk.log.records)])))
    judge_now(hub.services, {HAI_CHAU})
    asked = asked_by_nobody(hub.services, desk.device)
    with monkeypatch.context() as patch:
        patch.setattr("sync_protocol.limits.ROUND_SIZE_BYTES_MAX", 8_192)
        written = answer_on(hub.services, stick, asked, part_bytes_max=10_000)
    assert written.messages > 1 and written.parts > 1
    got = [a for path in sorted((stick / "motcua").iterdir()) for a in answers(hub, desk, path.read_bytes())]
    runs = [decode_run(frame) for answer in got for frame in answer.runs]
    assert sum(len(run.records) for run in runs) == written.label.records
    assert [answer.more for answer in got] == [True] * (len(got) - 1) + [False]


def test_a_pc_without_a_key_to_enclose_for_is_served_by_rounds_alone(hub: ProvinceHub, stick: Path) -> None:
    with pytest.raises(RemoteFault, match="ROUND_DEVICE"):
        asked_by_nobody(hub.services, "ab" * 16)
    with pytest.raises(RemoteFault, match="PARCEL_NONE"):
        files_on(stick)
    desk = hub.enrol(HAI_CHAU)
    nobody = asked_by_nobody(hub.services, desk.device)
    assert newest_asked([TakenParcel(parcel="x", asked=nobody), TakenParcel(parcel="y")]) == [nobody]
    assert isinstance(nobody, Asked)


def test_an_administrator_sends_files_and_fetches_the_answer(hub: ProvinceHub, desk: Desk) -> None:
    browser = hub.browser("quantri")
    assert "Chưa có máy nào gửi bằng USB" in browser.page("/stick")
    length = len(desk.log.records)
    files = parcel(hub, desk, requests(desk, [4, length]))
    page = browser.post(
        "/stick",
        files=[(BytesIO(content), name) for name, content in files.items()] + [(BytesIO(b"zz"), "x.motcua")],
    ).text
    assert "Đã nhập đủ" in page and "không phải gói USB" in page and "Tải trả lời" in page
    assert held(hub, desk) == length
    fetched = browser.get(f"/stick/{desk.device}/answer")
    assert fetched.status_code == 200 and ".motcua" in fetched.headers["Content-Disposition"]
    receipt = open_receipt(answers(hub, desk, fetched.data)[0].receipt, hub.services.keys.hub.public)
    assert receipt.logs[desk.log.log].judged == length
    assert answers(hub, desk, browser.get(f"/stick/{desk.device}/everything").data)[0].runs
    assert browser.get(f"/stick/{'ab' * 16}/answer").status_code == 404
    assert browser.get("/stick/nobody/everything").status_code == 404


def test_only_administrators_may_send_and_only_they_may_send_much(hub: ProvinceHub, desk: Desk) -> None:
    assert hub.browser("thongke").get("/stick").status_code == 403
    assert "không phải gói USB" in send_much(hub.browser("quantri")).text
    assert send_much(hub.browser()).status_code == 413


def send_much(browser: Visitor) -> TestResponse:
    """Five megabytes that are no parcel, in a form with its token."""
    browser.get("/login")
    with browser.client.session_transaction() as session:
        token = str(session.setdefault("csrf_token", "0" * 32))
    head = 'Content-Disposition: form-data; name="files"; filename="x.motcua"\r\nContent-Type: x/y\r\n\r\n'
    body = b"--edge\r\n" + head.encode() + bytes(5 << 20) + b"\r\n--edge\r\n"
    body += f'Content-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--edge--\r\n'.encode()
    return browser.client.post("/stick", data=body, content_type="multipart/form-data; boundary=edge")


def test_one_large_parcel_tells_how_far_it_is_message_by_message(hub: ProvinceHub, desk: Desk) -> None:
    """A stick usually carries one parcel of one office in one part; the answers that lie beside it are not counted."""
    length = len(desk.log.records)
    sent = parcel(hub, desk, requests(desk, [length // 4, length // 2, length]))
    (size,) = map(len, sent.values())
    told: list[tuple[int, int]] = []
    (taken,) = take(hub, sent, progress=lambda done, total: told.append((done, total)))
    assert taken.problem is None and taken.records == length
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert len(told) == 4 and {total for _, total in told} == {size}
    assert told[-1][0] == size and told[0][0] < size // 2


def test_a_parcel_that_cannot_be_read_to_its_end_does_not_leave_the_bar_standing(
    hub: ProvinceHub, desk: Desk
) -> None:
    sent = parcel(hub, desk, requests(desk, [len(desk.log.records)]))
    cut = {name: content[:-100] for name, content in sent.items()}
    told: list[tuple[int, int]] = []
    (taken,) = take(hub, cut, progress=lambda done, total: told.append((done, total)))
    assert taken.problem is not None and told[-1][0] == told[-1][1]
