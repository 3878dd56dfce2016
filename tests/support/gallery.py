"""A developer's gallery: every macro of both apps with believable data, under the apps' strict policy.

``python -m tests.support.gallery node`` (or ``hub``) serves it on loopback. Nothing is stored and no form does anything;
the sample pages lie in ``tests/web/gallery/``. It needs no database, so a screen's look can be judged before its room exists.
"""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, abort, render_template, request
from flask_babel import Babel, get_locale
from jinja2 import ChoiceLoader, FileSystemLoader

import look
from dossiers import presentation
from edge_node.sync.status import SyncStatus

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_795_318_920_000  # 10:42, 22 November 2026, Da Nang
PACKAGES = {"node": "edge_node", "hub": "central_hub"}


def pages(app_name: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "tests/web/gallery" / app_name).glob("[!_]*.html"))


def create_gallery(app_name: str, translations: Path | None = None) -> Flask:
    """The gallery of one app; ``translations`` holds compiled catalogues (see :func:`compile_english`)."""
    package = ROOT / PACKAGES[app_name]
    app = Flask("gallery", static_folder=str(package / "static"), template_folder=str(package / "templates"))
    app.config.update(SECRET_KEY="gallery", BABEL_DEFAULT_LOCALE="vi", TEMPLATES_AUTO_RELOAD=True)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations or package / "translations")
    Babel(app, locale_selector=lambda: request.args.get("lang", "vi"))
    app.jinja_env.filters.update(presentation.jinja_filters(lambda: str(get_locale())))
    app.jinja_env.globals["csrf_token"] = lambda: "sample"
    look.attach(app)
    samples = FileSystemLoader(str(ROOT / "tests/web/gallery" / app_name))
    app.jinja_loader = ChoiceLoader([samples, FileSystemLoader(str(package / "templates"))])
    app.context_processor(lambda: {"shell": shell_of(app_name), "s": sample_data(), "now": NOW})

    @app.get("/", defaults={"page": "index"})
    @app.get("/<path:page>")
    def show(page: str) -> str:
        name = page if page in pages(app_name) else None
        if page == "index":
            name = "desk" if app_name == "node" else "overview"
        if name is None:
            abort(404)
        return render_template(f"{name}.html", page=name)

    @app.get("/search")
    def suggest() -> str:
        """The header's search field asks while one types; here nothing is found."""
        return ""

    @app.post("/<path:page>")
    def accept(page: str) -> str:
        return "048201001234" if page == "reveal" else '<!doctype html><link rel="icon" href="data:,">'

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return render_template("errors/404.html"), 404

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


def compile_english(app_name: str, target: Path) -> Path:
    """Compile the app's English catalogue below ``target`` (compiled catalogues are not committed)."""
    source = ROOT / PACKAGES[app_name] / "translations/en/LC_MESSAGES/messages.po"
    folder = target / "en/LC_MESSAGES"
    folder.mkdir(parents=True)
    with source.open("rb") as po, (folder / "messages.mo").open("wb") as mo:
        write_mo(mo, read_po(po, locale="en"))
    return target


def shell_of(app_name: str) -> dict[str, Any]:
    language = "en" if request.args.get("lang") == "en" else "vi"
    if app_name == "hub":
        officer = {"name": "Trần Quốc Bảo", "role": "Quản trị tỉnh"}
        return {
            "language": language,
            "unit": "Thành phố Đà Nẵng",
            "officer": officer,
            "counts": {"quarantine": 3, "nodes": 2},
            "state": {"nodes": 94, "silent": 2, "waiting": 3, "last": NOW - 2 * MINUTE, "now": NOW},
        }
    return {
        "language": language,
        "unit": "Phường Hải Châu",
        "device": "PC quầy 1",
        "officer": {"name": "Nguyễn Thị Lan", "role": "Cán bộ một cửa"},
        "counts": {"desk": 5, "results": 3},
        "idle_seconds": 600,
        "sync": sync_states()[request.args.get("sync", "waiting")],
    }


def sync_states() -> dict[str, SyncStatus]:
    full = SyncStatus(
        waiting=0, oldest_ms=0, unjudged=0, refused=0, undecided=0, last=NOW - 4 * MINUTE, now=NOW
    )
    return {
        "full": full,
        "waiting": replace(full, waiting=23, oldest_ms=2 * DAY),
        "unjudged": replace(full, unjudged=5),
        "refused": replace(full, waiting=4, oldest_ms=HOUR, refused=2),
        "never": replace(full, last=None),
    }


def sample_data() -> SimpleNamespace:
    return SimpleNamespace(
        now=NOW, minute=MINUTE, hour=HOUR, day=DAY, dossiers=dossiers(), papers=papers(), history=history(),
        sync_states=sync_states(), wheres=wheres(), errors=field_errors(), slip=slip(), **conflict(), **province()
    )  # fmt: skip


def wheres() -> dict[str, dict[str, Any]]:
    return {
        "pc": {},
        "office": {"office": NOW - 10 * MINUTE},
        "province": {"office": NOW - 40 * MINUTE, "province": NOW},
        "undecided": {"province": NOW - HOUR, "undecided": True},
        "log": {"office": NOW - 2 * HOUR, "province": NOW - HOUR, "log": True},
        "refused": {"office": NOW - 2 * DAY, "province": NOW - DAY, "refused": True},
    }


def dossiers() -> list[dict[str, Any]]:
    birth, copy, marriage = "Đăng ký khai sinh", "Chứng thực bản sao từ bản chính", "Đăng ký kết hôn"
    single, business = "Cấp giấy xác nhận tình trạng hôn nhân", "Đăng ký thành lập hộ kinh doanh"
    rows = [
        ("H17.242-261119-0012", "Phạm Văn Hùng", "048085004417", single, 4, NOW - 17 * HOUR, "log"),
        ("H17.242-261122-0003", "Trần Thị Mỹ Duyên", "048192007735", birth, 2, NOW + 6 * HOUR, "office"),
        ("H17.242-261122-0004", "Lê Hoàng Nam", "048078001290", copy, 9, NOW + 6 * HOUR, "pc"),
        (
            "H17.242-261120-0021",
            "Nguyễn Đình Khôi",
            "048090003318",
            business,
            4,
            NOW + 22 * HOUR,
            "undecided",
        ),
        ("H17.242-261118-0007", "Võ Thị Thanh Hằng", "048187005526", marriage, 5, NOW + 3 * DAY, "log"),
        ("H17.242-261117-0015", "Huỳnh Ngọc Ánh", "048195009904", single, 8, NOW + 5 * DAY, "refused"),
        ("H17.242-261113-0002", "Đặng Quang Vinh", "048083002211", business, 10, NOW - 4 * DAY, "log"),
    ]
    names = ("code", "name", "id_number", "procedure", "status", "due", "where")
    return [{**dict(zip(names, row, strict=True)), "where": wheres()[row[6]]} for row in rows]


def papers() -> list[dict[str, Any]]:
    return [
        {"code": "to-khai", "name": "Tờ khai đăng ký khai sinh theo mẫu"},
        {
            "code": "chung-sinh",
            "name": "Giấy chứng sinh",
            "note": "Không có thì nộp văn bản của người làm chứng",
        },
        {
            "code": "uy-quyen",
            "name": "Văn bản ủy quyền (nếu nộp thay)",
            "note": "Có chứng thực, trừ ông bà, cha mẹ",
        },
    ]


def field_errors() -> dict[str, str]:
    return {
        "id_number": "Số định danh phải đủ 12 chữ số.",
        "phone": "Số điện thoại có 10 chữ số, bắt đầu bằng 0.",
    }


def history() -> list[dict[str, Any]]:
    lan = {"name": "Nguyễn Thị Lan", "role": "Cán bộ một cửa", "device": "PC quầy 1"}
    minh = {"name": "Lê Văn Minh", "role": "Chuyên viên tư pháp - hộ tịch", "device": "PC quầy 2"}
    return [
        {**minh, "title": "Sửa thông tin hồ sơ", "icon": "edit", "at": NOW - 25 * MINUTE, "signature": "delegated",
         "changes": [("Họ và tên con", "Trần Gia Hân", "Trần Ngọc Gia Hân"), ("Nơi sinh", None, "Bệnh viện Phụ sản - Nhi Đà Nẵng")],
         "note": "Người nộp đề nghị, đối chiếu giấy chứng sinh.", "where": wheres()["office"], "raw_url": "#", "proof_url": "#"},
        {**minh, "title": "Chuyển xử lý", "icon": "assign", "at": NOW - 50 * MINUTE, "signature": "valid",
         "changes": [("Trạng thái", "Đã tiếp nhận", "Đang xử lý")], "where": wheres()["province"], "raw_url": "#"},
        {**lan, "title": "Tiếp nhận hồ sơ", "icon": "receive", "at": NOW - 70 * MINUTE, "signature": "valid", "superseded": True,
         "where": wheres()["log"], "bracket": "Tỉnh nhận trong khoảng 09:35–09:41", "raw_url": "#", "proof_url": "#"},
    ]  # fmt: skip


def conflict() -> dict[str, Any]:
    left = {
        "id": "a" * 64,
        "name": "Nguyễn Thị Lan",
        "role": "Cán bộ một cửa",
        "at": NOW - 3 * HOUR,
        "device": "PC quầy 1",
    }
    right = {
        "id": "b" * 64,
        "name": "Lê Văn Minh",
        "role": "Chuyên viên",
        "at": NOW - 2 * HOUR,
        "device": "PC quầy 2",
    }
    rows = [
        {
            "label": "Người nộp hồ sơ",
            "left": "Trần Thị Mỹ Duyên",
            "right": "Trần Thị Mỹ Duyên",
            "differs": False,
        },
        {
            "label": "Địa chỉ",
            "left": "15 Lê Duẩn, phường Hải Châu",
            "right": "51 Lê Duẩn, phường Hải Châu",
            "differs": True,
        },
        {"label": "Điện thoại", "left": "0905 118 227", "right": None, "differs": True},
        {"label": "Số bộ hồ sơ", "left": "1", "right": "1", "differs": False},
    ]
    return {"left": left, "right": {**right, "provisional": True}, "rows": rows}


def slip() -> dict[str, Any]:
    return {
        "agency_over": "UBND PHƯỜNG HẢI CHÂU", "agency": "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", "place": "Hải Châu", "date": 20261122,
        "code": "H17.242-261122-0003", "receiving": "Trung tâm Phục vụ hành chính công phường Hải Châu", "submitter": "Trần Thị Mỹ Duyên",
        "channel": "trực tiếp", "address": "15 Lê Duẩn, phường Hải Châu, thành phố Đà Nẵng", "phone": "0905 118 227",
        "id_number": "048192007735", "request": "Đăng ký khai sinh", "owner": "Trần Ngọc Gia Hân",
        "papers": [("Tờ khai đăng ký khai sinh theo mẫu", 1, 0, 0), ("Giấy chứng sinh", 1, 0, 0)], "sets": 1,
        "time_rule": "Trong ngày làm việc; nhận sau 15 giờ thì trả ngày làm việc tiếp theo", "received": NOW, "due": NOW + 6 * HOUR,
        "return_method": "Nhận tại quầy", "fee": 0, "lookup": "Tra cứu tình trạng hồ sơ bằng mã trên tại quầy hoặc Cổng Dịch vụ công quốc gia.",
        "officer": "Nguyễn Thị Lan",
    }  # fmt: skip


def province() -> dict[str, Any]:
    """The hub's sample figures: one quarter, nine weeks."""
    weeks = ["28/09", "05/10", "12/10", "19/10", "26/10", "02/11", "09/11", "16/11", "đến nay"]
    received = [3412, 3608, 3544, 3720, 3655, 3802, 3911, 3764, 3132]
    solved = [3280, 3455, 3521, 3590, 3644, 3700, 3822, 3803, 2389]
    rate_a = [0.9688, 0.9702, 0.9711, 0.9694, 0.9725, 0.9731, 0.9749, 0.9752, 0.9761]
    rate_b = [0.9502, 0.9488, 0.9471, 0.9466, 0.9450, 0.9437, 0.9441, 0.9428, 0.9421]
    overdue = [88, 92, 90, 97, 101, 99, 104, 106, 118]
    names = [
        "Phường Hải Châu",
        "Phường Thanh Khê",
        "Phường Sơn Trà",
        "Phường An Hải",
        "Xã Hòa Vang",
        "Phường Tam Kỳ",
        "Xã Khâm Đức",
    ]
    shares = [0.9921, 0.9874, 0.9803, 0.9752, 0.9688, 0.9512, 0.9247]
    fields = [
        ("Hộ tịch", 14210),
        ("Chứng thực", 9835),
        ("Đất đai", 3120),
        ("Kinh doanh", 2204),
        ("Bảo trợ xã hội", 1988),
        ("Xây dựng", 1191),
    ]
    line = {"kind": "line", "labels": weeks}
    return {
        "series": {"received": received, "solved": solved, "rate_a": rate_a, "rate_b": rate_b, "overdue": overdue},
        "charts": {
            "flow": {**line, "series": [{"key": "received", "name": "Tiếp nhận", "values": received},
                                        {"key": "solved", "name": "Đã giải quyết", "values": solved}]},
            "rates": {**line, "target": 0.95, "series": [{"key": "on_time_solved", "name": "Đúng hạn / đã giải quyết", "values": rate_a},
                                                         {"key": "on_time_received", "name": "Đúng hạn / đã tiếp nhận", "values": rate_b}]},
            "channels": {"kind": "bar", "labels": ["Trực tuyến", "Trực tiếp", "Bưu chính công ích"],
                         "series": [{"key": "received", "name": "Hồ sơ", "values": [19820, 12510, 218]}]},
        },
        "communes": [{"name": name, "href": "#", "value": share, "text": presentation.fmt_percent(share), "series": [v - i / 99 for v in rate_a],
                      "note": f"{412 - 30 * i} hồ sơ"} for i, (name, share) in enumerate(zip(names, shares, strict=True))],
        "fields": [{"name": name, "href": "#", "text": presentation.fmt_number(count), "note": "97,1\u00a0% đúng hạn",
                    "series": [count / 9 + 11 * ((i * (k + 3) + k) % 7) + 5 * i for i in range(9)]} for k, (name, count) in enumerate(fields)],
        "nodes": [{"name": "Xã Khâm Đức", "device": "PC quầy 1", "href": "#", "state": "silent", "words": "Im lặng 3 ngày, có 214 bản ghi chưa về"},
                  {"name": "Phường Tam Kỳ", "device": "PC quầy 2", "href": "#", "state": "lagging", "words": "Còn 120 bản ghi, cũ nhất 9 giờ"},
                  {"name": "Xã Hòa Vang", "device": "PC quầy 1", "href": "#", "state": "refused", "words": "2 bản ghi bị giữ lại"}],
        "fleet": [{"unit": unit, "device": "PC quầy 1", "words": words, "tone": tone, "icon": icon, "last": NOW - ago, "waiting": waiting,
                   "offset": offset, "disk": disk * 10**9} for unit, words, tone, icon, ago, waiting, offset, disk in (
            ("Phường Hải Châu", "Đủ", "fact", "done", 4 * MINUTE, 0, 1, 182), ("Phường Thanh Khê", "Đủ", "fact", "done", 11 * MINUTE, 0, -2, 96),
            ("Phường Tam Kỳ", "Chậm", "soon", "clock", 9 * HOUR, 120, 0, 44), ("Xã Khâm Đức", "Im lặng", "wait", "cloud_off", 3 * DAY, 214, 41, 12),
            ("Xã Hòa Vang", "Bị giữ lại", "refused", "refused", HOUR, 3, 0, 71))],
        "report": [(name, [900 - 40 * i, 540 - 24 * i, 330 - 14 * i, 30 - 2 * i, 850 - 40 * i, 610 - 30 * i, 220 - 8 * i, 20 - 2 * i, 50, 46, 4])
                   for i, name in enumerate(names)],
        "report_total": [sum(900 - 40 * i for i in range(7)), 3276, 2016, 168, 5110, 3640, 1372, 98, 350, 322, 28],
    }  # fmt: skip


if __name__ == "__main__":
    gallery_name = sys.argv[1] if len(sys.argv) > 1 else "node"
    create_gallery(gallery_name).run(port=5710 if gallery_name == "node" else 5711)
