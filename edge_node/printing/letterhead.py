"""The head that all papers of this office share, made from what enrolment told the PC."""

from edge_node.printing.forms import Office as Letterhead
from edge_node.store.local import Office

_KINDS = ("Phường ", "Xã ", "Đặc khu ")
_DESK = "Trung tâm Phục vụ hành chính công"


def letterhead(office: Office) -> Letterhead:
    """ "Ủy ban nhân dân phường Hải Châu", its one-stop centre, and the place of the dateline."""
    name = office.unit_name
    place = next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), name)
    return Letterhead(superior=f"Ủy ban nhân dân {name[:1].lower()}{name[1:]}", name=_DESK, place=place)
