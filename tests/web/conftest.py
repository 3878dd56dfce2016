"""What many of these tests begin with: a hub and real PCs in one process (`tests.support.pair`), a world of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pair import Commune, Pc, found_commune, founded_office


@pytest.fixture
def commune(tmp_path: Path) -> Iterator[Commune]:
    """A hub, and no PC yet."""
    made = found_commune(tmp_path)
    yield made
    made.close()


@pytest.fixture
def pc(commune: Commune) -> Pc:
    """The first PC of the commune."""
    return commune.add()


@pytest.fixture
def province(commune: Commune) -> Commune:
    """The same hub, for tests whose PCs are of several communes."""
    return commune


@pytest.fixture(scope="session")
def _founded_pair(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    """Closed, and only ever copied."""
    return founded_office(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def two_pcs(_founded_pair: Commune, tmp_path: Path) -> Iterator[Commune]:
    """A hub and two PCs of one commune, which have exchanged everything."""
    made = _founded_pair.copied(tmp_path / "commune")
    yield made
    made.close()
