import unicodedata

import pytest

from dossiers.text import fold_text


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Đăng ký khai sinh", "dang ky khai sinh"),
        ("ĐÀ NẴNG", "da nang"),
        ("Nguyễn  Thị\tƯớt ", "nguyen thi uot"),
        ("đường Điện Biên Phủ", "duong dien bien phu"),
        ("H17.20242-261120-0001", "h17.20242-261120-0001"),
        ("", ""),
    ],
)
def test_folds(typed: str, folded: str) -> None:
    assert fold_text(typed) == folded


def test_composed_and_decomposed_typing_fold_alike() -> None:
    name = "Trần Quốc Đạt"
    assert fold_text(unicodedata.normalize("NFD", name)) == fold_text(unicodedata.normalize("NFC", name))


def test_folding_twice_changes_nothing() -> None:
    assert fold_text(fold_text("Ẩm thực Huế")) == fold_text("Ẩm thực Huế")
