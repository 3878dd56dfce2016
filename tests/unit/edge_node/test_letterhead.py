"""The head of this office's papers: its unit's name, how to reach it, and where others check the code on a paper."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.config import EdgeConfig
from edge_node.printing.letterhead import letterhead
from edge_node.store.local import Office

CONFIG = EdgeConfig(data=Path("x"))
OFFICE = Office(
    unit="20242", unit_name="Phường Hải Châu", province="48", device="0" * 32, epoch="0" * 32, log="0" * 32,
    hub_url="https://motcua.danang.gov.vn", hub_ca="", hub_epoch="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "superior", "place"),
    [
        ("Phường Hải Châu", "Ủy ban nhân dân phường Hải Châu", "Hải Châu"),
        ("Xã Bà Nà", "Ủy ban nhân dân xã Bà Nà", "Bà Nà"),
        ("Đặc khu Hoàng Sa", "Ủy ban nhân dân đặc khu Hoàng Sa", "Hoàng Sa"),
    ],
)
def test_the_office_is_named_after_its_unit(name: str, superior: str, place: str) -> None:
    head = letterhead(replace(OFFICE, unit_name=name), CONFIG)
    assert (head.superior, head.place) == (superior, place)


@pytest.mark.parametrize(
    ("hub_url", "verify"),
    [
        ("https://motcua.danang.gov.vn", "motcua.danang.gov.vn/verify"),
        ("https://motcua.danang.gov.vn:443/", "motcua.danang.gov.vn/verify"),
        ("https://motcua.danang.gov.vn:8443", "motcua.danang.gov.vn:8443/verify"),
        ("https://10.1.2.3:8443", ""),
        ("https://[fd00::1]", ""),
        ("https://localhost:8443", ""),
        ("https://hub.internal", ""),
        ("", ""),
    ],
)
def test_strangers_are_sent_only_where_they_can_go(hub_url: str, verify: str) -> None:
    assert letterhead(replace(OFFICE, hub_url=hub_url), CONFIG).verify == verify


def test_settings_go_before_what_enrolment_said() -> None:
    config = replace(
        CONFIG,
        office_address="76 Bạch Đằng",
        office_phone="0236 3 550 000",
        lookup_address="https://dichvucong.gov.vn",
        verify_address="xacminh.danang.gov.vn",
    )
    head = letterhead(OFFICE, config)
    assert (head.address, head.phone) == ("76 Bạch Đằng", "0236 3 550 000")
    assert (head.lookup, head.verify) == ("https://dichvucong.gov.vn", "xacminh.danang.gov.vn")
