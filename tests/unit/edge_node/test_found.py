"""What an announcement on the office network is worth, case by case."""

from ipaddress import IPv4Interface

import pytest

from edge_node.lan.discovery import nearest_first
from edge_node.lan.found import Found, announcement, read_announcement, short_id, sort_found
from edge_node.store.local import Office

OWN, LAN, BINH = "0a" * 16, "1b" * 16, "2c" * 16
UNITS = frozenset({"20242"})
SAID: dict[bytes, bytes | None] = {b"v": b"1", b"u": b"20242", b"d": b"1b1b1b1b"}


def found(device: str = LAN, address: str = "192.168.1.20:8481", unit: str = "20242") -> Found:
    return Found(unit=unit, short=short_id(device), address=address)


def test_an_announcement_names_a_unit_and_digits_of_a_key_and_nothing_else() -> None:
    office = Office(
        device=OWN,
        log="0" * 32,
        unit="20242",
        unit_name="Phường Hải Châu",
        province="48",
        hub_url="https://hub",
        hub_ca="",
        hub_epoch="e",
        epoch="f",
    )
    assert announcement(office) == {"v": "1", "u": "20242", "d": "0a0a0a0a"}


@pytest.mark.parametrize(
    ("address", "port", "said"),
    [
        ("8.8.8.8", 8481, {}),  # no door outside the office network is knocked at
        ("127.0.0.1", 8481, {}),
        ("224.0.0.251", 8481, {}),
        ("0.0.0.0", 8481, {}),
        ("nowhere", 8481, {}),
        ("192.168.1.20", 0, {}),
        ("192.168.1.20", 70_000, {}),
        ("192.168.1.20", 8481, {b"v": b"2"}),
        ("192.168.1.20", 8481, {b"u": b"20242; drop"}),
        ("192.168.1.20", 8481, {b"u": None}),
        ("192.168.1.20", 8481, {b"d": b"1B1B1B1B"}),
        ("192.168.1.20", 8481, {b"d": b"1b1b1b1b1b"}),
        ("192.168.1.20", 8481, {b"d": "1b1b1b1ă".encode()}),
    ],
)
def test_what_is_no_announcement_of_a_pc_next_door_is_passed_over(
    address: str, port: int, said: dict[bytes, bytes | None]
) -> None:
    assert read_announcement({**SAID, **said}, address=address, port=port) is None


def test_an_announcement_is_read() -> None:
    assert read_announcement(SAID, address="192.168.1.20", port=8481) == found()
    assert read_announcement(SAID, address="127.0.0.1", port=8481, is_loopback=True) == found(
        address="127.0.0.1:8481"
    )
    assert read_announcement({b"v": b"1"}, address="192.168.1.20", port=8481) is None


def test_a_device_that_the_registry_stated_is_taken_at_once() -> None:
    result = sort_found([found()], own=OWN, units=UNITS, devices=[OWN, LAN, BINH])
    assert (dict(result.colleagues), result.candidates) == ({LAN: "192.168.1.20:8481"}, ())


def test_an_unknown_device_is_a_candidate() -> None:
    result = sort_found([found()], own=OWN, units=UNITS, devices=[OWN, BINH])
    assert (dict(result.colleagues), result.candidates) == ({}, (found(),))


def test_other_units_and_this_pc_itself_are_nobodys_concern() -> None:
    strangers = [found(unit="20257"), found(OWN)]
    result = sort_found(strangers, own=OWN, units=UNITS, devices=[OWN, LAN])
    assert (dict(result.colleagues), result.candidates) == ({}, ())


def test_one_pc_at_two_addresses_or_two_with_the_same_digits_are_left_to_a_person() -> None:
    twice = [found(), found(address="192.168.1.66:8481")]
    assert sort_found(twice, own=OWN, units=UNITS, devices=[LAN]).candidates == tuple(twice)
    twin = LAN[:8] + "ff" * 12
    result = sort_found([found()], own=OWN, units=UNITS, devices=[LAN, twin])
    assert (dict(result.colleagues), result.candidates) == ({}, (found(),))


def test_an_address_on_a_network_of_this_pc_is_tried_first() -> None:
    here = [IPv4Interface("192.168.1.10/24"), IPv4Interface("192.168.56.1/24")]
    announced = ["10.9.0.4", "192.168.56.1", "192.168.1.20"]
    assert nearest_first(announced, here) == ["192.168.1.20", "10.9.0.4"]
