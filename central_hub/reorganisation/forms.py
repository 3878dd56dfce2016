"""What an administrator fills in for a re-organisation, read at the door into the content of a plan.

One form serves the four forms of re-organisation; what is wrong is named by field. Larger plans come as a file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from flask_babel import gettext as _

from central_hub.services import Services
from central_hub.statistics.choice import parse_day
from dossiers.kinds import FORMS
from signing.canonical import normalise_text

FILE_BYTES_MAX: Final = 1_000_000
UNITS_MAX: Final = 64
_TEXT_MAX: Final = 200
_UNIT_CODE: Final = re.compile(r"[0-9]{5}")
_SECOND: Final = "2"
ORDER: Final = ("merge", "split", "move", "rename")


@dataclass(slots=True)
class PlanForm:
    """What was typed: the plan's content where `errors` is empty."""

    content: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)


def chosen_form(values: Mapping[str, str]) -> str:
    """The form of re-organisation that the page is about; merging where none is named."""
    form = values.get("form", "")
    return form if form in FORMS else ORDER[0]


def chosen_units(units: Iterable[str], services: Services) -> list[str]:
    """The units of the province among those named, each once, as many as one record takes."""
    known = {unit.code for unit in services.units.offices}
    return [code for code in dict.fromkeys(units) if code in known][:UNITS_MAX]


def units_problem(form: str, units: Sequence[str]) -> str:
    """What is wrong with the choice of units; "" when it can be."""
    if not units:
        return _("Chọn đơn vị.")
    if form in ("split", "move") and len(units) != 1:
        return _("Chọn đúng một đơn vị.")
    return ""


def read_plan_form(
    values: Mapping[str, str], form: str, units: Sequence[str], devices: Iterable[str], services: Services
) -> PlanForm:
    """Read the form. `devices`: ids of the PCs of these units."""
    found = PlanForm({"form": form, "units": {}, "changes": [], "dossiers": []})
    _read_act(values, found)
    if form == "rename":
        _read_names(values, units, found)
        return found
    general = units[0] if form == "move" else _read_unit(values, "", found, services)
    second = _read_unit(values, _SECOND, found, services) if form in ("split", "move") else ""
    seats = [each for each in devices if second and values.get(f"device.{each}") == _SECOND]
    found.content["changes"] = [
        {"from": unit, "to": general, "devices": [{"device": each, "to": second} for each in sorted(seats)]}
        for unit in units
    ]
    listed = values.get("dossiers", "").split()
    if second and listed:
        found.content["dossiers"] = [{"from": units[0], "to": second, "dossiers": listed}]
    if form in ("split", "move") and not seats and not listed:
        found.errors["dossiers"] = _("Chọn ít nhất một máy, hoặc nhập mã hồ sơ, cho đơn vị thứ hai.")
    return found


def read_plan_file(data: bytes) -> dict[str, Any]:
    """The content of a plan's file; ValueError where it is none."""
    if not data or len(data) > FILE_BYTES_MAX:
        raise ValueError(_("Chọn một tệp JSON, tối đa 1 MB."))
    try:
        return msgspec.json.decode(data, type=dict)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ValueError(_("Tệp không phải phương án dạng JSON: %(detail)s", detail=str(error))) from error


def plan_text(content: Mapping[str, Any]) -> str:
    """A plan as the page carries it between its steps."""
    return msgspec.json.encode(dict(content)).decode()


def _read_act(values: Mapping[str, str], found: PlanForm) -> None:
    for name in ("effective", "date"):
        try:
            found.content[name] = parse_day(values.get(name, ""))
        except ValueError:
            found.errors[name] = _("Nhập ngày theo dạng ngày/tháng/năm.")
    for name in ("number", "signer"):
        found.content[name] = _line(values, name)
    found.content["note"] = normalise_text(values.get("note", "")).strip()[:1000]
    if not found.content["number"]:
        found.errors["number"] = _("Nhập số, ký hiệu của nghị quyết hoặc quyết định.")


def _read_names(values: Mapping[str, str], units: Sequence[str], found: PlanForm) -> None:
    for unit in units:
        name = _line(values, f"name.{unit}")
        if name:
            found.content["units"][unit] = name
        else:
            found.errors[f"name.{unit}"] = _("Nhập tên mới.")
    found.content["changes"] = [{"from": unit, "to": unit, "devices": []} for unit in units]


def _read_unit(values: Mapping[str, str], which: str, found: PlanForm, services: Services) -> str:
    """The code of a unit that takes over: one of the list, or a new one with its name."""
    chosen = values.get(f"to{which}", "")
    if chosen:
        if services.units.find(chosen) is None or chosen == services.province:
            found.errors[f"to{which}"] = _("Chọn đơn vị trong danh sách.")
        return chosen
    code, name = values.get(f"code{which}", "").strip(), _line(values, f"name{which}")
    if not _UNIT_CODE.fullmatch(code):
        found.errors[f"code{which}"] = _("Mã đơn vị mới gồm 5 chữ số.")
    if not name:
        found.errors[f"name{which}"] = _("Nhập tên đơn vị mới, ví dụ «Phường Hợp Nhất».")
    if code and name:
        found.content["units"][code] = name
    return code


def _line(values: Mapping[str, str], name: str) -> str:
    return " ".join(normalise_text(values.get(name, "")).split())[:_TEXT_MAX]
