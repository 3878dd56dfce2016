"""Words of this room's screens: forms of re-organisation, why a plan is refused, what to look at, how far PCs are."""

from flask_babel import gettext as _

from central_hub.reorganisation.heard import Progress
from central_hub.reorganisation.plan import Cause, ReorganisationRefused
from central_hub.reorganisation.preview import STOPS, WARNS, Look, Remark
from central_hub.services import Services
from dossiers.genealogy import Reorganisation


def form_name(form: str) -> str:
    """A form of re-organisation in words."""
    return {
        "merge": _("Nhập, hợp nhất"),
        "split": _("Chia, tách"),
        "move": _("Điều chỉnh một phần"),
        "rename": _("Đổi tên"),
    }.get(form, form)


def form_hint(form: str) -> str:
    """What a form does."""
    return {
        "merge": _("Một hay nhiều đơn vị thành một đơn vị; mọi hồ sơ theo về đơn vị đó."),
        "split": _("Một đơn vị thành hai: máy và hồ sơ được chia cho hai đơn vị kế thừa."),
        "move": _("Đơn vị giữ nguyên; một số máy hoặc hồ sơ chuyển sang đơn vị khác."),
        "rename": _("Đơn vị giữ mã, mang tên mới từ ngày có hiệu lực."),
    }.get(form, "")


def refusal_words(error: ReorganisationRefused, services: Services) -> str:
    """Why a plan cannot be signed, in the words of the page."""
    named = error.named
    unit = f"{services.units.name(named)} ({named})" if services.units.find(named) else named
    return {
        Cause.UNREADABLE: _("Không đọc được phương án: %(detail)s", detail=named),
        Cause.FORM: _(
            "Phương án chưa đúng dạng: kiểm tra số, ngày của văn bản, mã đơn vị (5 chữ số) và tên."
        ),
        Cause.TWICE: _("Một đơn vị được nêu hai lần."),
        Cause.NO_UNIT: _("%(unit)s không phải đơn vị đang hoạt động của tỉnh.", unit=unit),
        Cause.NAME_NEEDED: _("%(unit)s là đơn vị mới: cần tên.", unit=unit),
        Cause.NO_PC: _("Máy %(device)s không thuộc đơn vị cũ.", device=named[:8]),
        Cause.NOTHING: _("Phương án không thay đổi gì."),
        Cause.NOT_IN_PLAN: _(
            "%(unit)s không nằm trong phương án, hoặc giữ nguyên hồ sơ của mình.", unit=unit
        ),
        Cause.NO_DOSSIER: _("Không có đúng một hồ sơ mang mã %(code)s.", code=named),
        Cause.NOT_KEPT: _("Hồ sơ không do đơn vị cũ giữ: %(detail)s", detail=named),
        Cause.NOT_KIN: _("Hai đơn vị chưa từng được sắp xếp cùng nhau: %(detail)s", detail=named),
        Cause.NOT_ENTITLED: _(
            "Tài khoản này chưa được ký việc sắp xếp đơn vị: cần quản trị tỉnh, và bộ tin cậy có tên loại việc này (nghi thức khóa gốc)."
        ),
    }[error.cause]


def names_of(event: Reorganisation, services: Services) -> str:
    """Old units → new units, by name."""
    old = [change.old for change in event.changes]
    new = dict.fromkeys(unit for change in event.changes for unit in change.successors)
    ends = (", ".join(services.units.name(unit) for unit in units) for units in (old, new))
    return " → ".join(ends)


def look_tone(remark: Remark) -> str:
    """How loudly a remark is said."""
    if remark.look in STOPS:
        return "error"
    return "warning" if remark.look in WARNS else "note"


def look_words(remark: Remark, names: dict[str, str], services: Services) -> str:
    """One thing to look at, with what follows from it."""
    units = ", ".join(names.get(unit) or services.units.name(unit) for unit in remark.units)
    count = remark.count
    return {
        Look.CEREMONY: _(
            "Bộ tin cậy đang dùng chưa cho ai ký việc sắp xếp: làm một nghi thức khóa gốc rồi ký phương án này."
        ),
        Look.NO_PC: _("%(units)s nhận hồ sơ nhưng chưa có máy nào: cấp mã ghi danh cho đơn vị.", units=units),
        Look.NAME_TAKEN: _("%(units)s: tên này đang là tên của đơn vị khác.", units=units),
        Look.CODE_USED: _("%(count)s mã đơn vị từng dùng cho đơn vị đã kết thúc.", count=count),
        Look.PENDING: _("%(units)s: đã có phương án khác chờ ngày có hiệu lực.", units=units),
        Look.PAST: _(
            "Ngày có hiệu lực đã đến: số liệu từ ngày ấy của đơn vị cũ chuyển sang đơn vị mới ngay khi ký."
        ),
        Look.SILENT: _(
            "%(count)s máy đang im lặng: chưa biết cho đến lần liên lạc tới; việc làm trong lúc đó vẫn được nhận.",
            count=count,
        ),
        Look.UNSENT: _(
            "%(count)s bản ghi chưa về tỉnh ở lần liên lạc cuối: vẫn được nhận sau khi ký.", count=count
        ),
        Look.COPIES: _("%(count)s bản sao ổ đĩa chờ xác nhận ở các đơn vị này.", count=count),
        Look.WAITING: _("%(count)s bản ghi chờ xem xét ở các đơn vị này.", count=count),
        Look.LEGS: _("%(count)s lượt liên thông đang mở: tiếp tục với đơn vị kế thừa.", count=count),
        Look.CODES: _(
            "%(count)s mã ghi danh chưa dùng của đơn vị cũ: máy dùng mã sẽ tự theo về đơn vị mới.",
            count=count,
        ),
    }[remark.look]


def progress_words(progress: Progress) -> tuple[str, str, str]:
    """How far a PC is: word, tone, icon."""
    return {
        Progress.UNHEARD: (_("Chưa biết"), "soon", "cloud_off"),
        Progress.HEARD: (_("Đã biết, chưa chuyển"), "wait", "clock"),
        Progress.FOLLOWED: (_("Đã theo"), "fact", "done"),
    }[progress]
