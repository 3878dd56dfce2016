"""People who do not exist: names, personal numbers, telephone numbers and addresses as a desk in Đà Nẵng meets them.

Everything is drawn from the generator that is passed in, so the same seed gives the same people. Nobody real can be
meant: serial parts of personal numbers begin with 9 (no province has registered 900,000 births of one sex in a year),
and telephone numbers carry 095, the prefix of a network that was closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from dossiers.units import Unit, UnitKind

# Surnames with how often they occur in a hundred; the tail is what is frequent around Quảng Nam and Đà Nẵng.
_SURNAMES: Final = {
    "Nguyễn": 34, "Trần": 12, "Lê": 11, "Phạm": 6, "Huỳnh": 6, "Phan": 5, "Võ": 5, "Đặng": 3, "Bùi": 2, "Trương": 3,
    "Đỗ": 2, "Hồ": 2, "Ngô": 2, "Dương": 1, "Đoàn": 1, "Mai": 1, "Đinh": 1, "Lương": 1, "Thái": 1, "Tạ": 1,
}  # fmt: skip
_MALE_MIDDLES: Final = (
    "Văn",
    "Văn",
    "Văn",
    "Đức",
    "Minh",
    "Quang",
    "Hữu",
    "Ngọc",
    "Thanh",
    "Công",
    "Quốc",
    "Xuân",
)
_FEMALE_MIDDLES: Final = (
    "Thị",
    "Thị",
    "Thị",
    "Thị Thu",
    "Thị Ngọc",
    "Thị Kim",
    "Ngọc",
    "Thanh",
    "Thị Bích",
    "Thị Mỹ",
)
_MALE_NAMES: Final = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khoa", "Lâm", "Long", "Lợi", "Mạnh",
    "Nam", "Nghĩa", "Phong", "Phúc", "Quân", "Sơn", "Tâm", "Thắng", "Thành", "Thịnh", "Tiến", "Toàn", "Trung", "Tuấn",
    "Tùng", "Vinh", "Vũ",
)  # fmt: skip
_FEMALE_NAMES: Final = (
    "Anh", "Ánh", "Chi", "Diễm", "Dung", "Duyên", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hồng", "Hương",
    "Lan", "Liên", "Linh", "Loan", "Mai", "My", "Nga", "Ngân", "Nhung", "Oanh", "Phượng", "Quyên", "Tâm", "Thảo",
    "Thủy", "Trang", "Trinh", "Vân", "Yến",
)  # fmt: skip
_CHILD_BOYS: Final = (
    "Gia Bảo",
    "Minh Khang",
    "Đăng Khôi",
    "Bảo Long",
    "Nhật Minh",
    "Quốc Thiên",
    "Hoàng Phúc",
)
_CHILD_GIRLS: Final = ("Bảo Ngọc", "Khánh An", "Gia Hân", "Minh Châu", "Tuệ Nhi", "Ngọc Diệp", "Hà My")
_STREETS: Final = (
    "Trần Phú", "Lê Duẩn", "Hùng Vương", "Phan Châu Trinh", "Nguyễn Văn Linh", "Hoàng Diệu", "Ông Ích Khiêm",
    "Lê Lợi", "Núi Thành", "Trưng Nữ Vương", "Điện Biên Phủ", "Lý Thái Tổ", "Nguyễn Chí Thanh", "Pasteur",
)  # fmt: skip
_HAMLETS: Final = (
    "Phú Hòa", "Thạnh Mỹ", "An Lương", "Đông Hòa", "Tân An", "Bình Yên", "Phước Mỹ", "Hòa Thượng", "Vĩnh Phước",
    "Trung Phường", "Mỹ Sơn", "Châu Lâm",
)  # fmt: skip
_BIRTH_PROVINCES: Final = ("048", "048", "048", "049", "049", "049", "046", "051", "044", "040")
_GROWN_UP: Final = (18, 82)
_YEAR_DAYS: Final = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at the desk."""

    name: str
    is_woman: bool
    birth: date
    id_number: str
    phone: str
    address: str

    @property
    def surname(self) -> str:
        return self.name.split()[0]


def make_person(rng: Random, unit: Unit, *, today: date, ages: tuple[int, int] = _GROWN_UP) -> Person:
    """Somebody between two ages, more often young than old, living in this commune."""
    youngest, oldest = ages
    years = oldest - (oldest - youngest) * rng.random() ** 0.55
    return make_person_born(rng, unit, birth=today - timedelta(days=int(years * _YEAR_DAYS)))


def make_person_born(rng: Random, unit: Unit, *, birth: date, is_woman: bool | None = None) -> Person:
    """Somebody born on that day, living in this commune."""
    woman = rng.random() < 0.53 if is_woman is None else is_woman
    return Person(
        name=make_name(rng, is_woman=woman),
        is_woman=woman,
        birth=birth,
        id_number=make_id_number(rng, birth=birth, is_woman=woman),
        phone=f"095{rng.randrange(10**7):07d}",
        address=make_address(rng, unit),
    )


def make_name(rng: Random, *, is_woman: bool, surname: str = "") -> str:
    """Surname, middle name, given name."""
    middles, names = (_FEMALE_MIDDLES, _FEMALE_NAMES) if is_woman else (_MALE_MIDDLES, _MALE_NAMES)
    return f"{surname or _weighted(rng)} {rng.choice(middles)} {rng.choice(names)}"


def make_child_name(rng: Random, *, is_girl: bool, surname: str) -> str:
    """A name as parents choose it now."""
    return f"{surname} {rng.choice(_CHILD_GIRLS if is_girl else _CHILD_BOYS)}"


def make_id_number(rng: Random, *, birth: date, is_woman: bool) -> str:
    """Twelve digits: province of birth, century and sex, year, serial (never issued: see above)."""
    century_and_sex = 2 * (birth.year // 100 - 19) + is_woman
    return f"{rng.choice(_BIRTH_PROVINCES)}{century_and_sex}{birth.year % 100:02d}9{rng.randrange(10**5):05d}"


def make_address(rng: Random, unit: Unit) -> str:
    """Street and group in a ward, hamlet in a rural commune."""
    where = f"{unit.name}, thành phố Đà Nẵng"
    if unit.kind is UnitKind.WARD:
        return f"{rng.randrange(1, 480)} {rng.choice(_STREETS)}, tổ {rng.randrange(1, 90)}, {where}"
    return f"Tổ {rng.randrange(1, 15)}, thôn {rng.choice(_HAMLETS)}, {where}"


def _weighted(rng: Random, _names: Sequence[str] = tuple(_SURNAMES)) -> str:
    return rng.choices(_names, tuple(_SURNAMES.values()))[0]
