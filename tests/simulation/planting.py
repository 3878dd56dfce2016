"""All bugs that are planted, where a world notices each, and the search for one that does.

A plant changes production code in memory for as long as a `MonkeyPatch` lives: no file is touched, and no patch has to be kept
in step with the lines around it. One that does not fit the code any more breaks by itself, and is not counted as found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from tests.simulation import first_plants, log_plants, plants, road_plants
from tests.simulation.first_plants import FIRST_PLANTS
from tests.simulation.lan_plants import ON_THE_LAN
from tests.simulation.log_plants import IN_THE_LOG
from tests.simulation.plants import MORE
from tests.simulation.relay_plants import WITH_RELAYS
from tests.simulation.replay import Failure, attempt_seed
from tests.simulation.road_plants import ON_THE_ROAD
from tests.simulation.unit_plants import FIRST_OF_UNITS, OF_UNITS

SEEDS_MAX = 20
"""So many worlds from 1 on are tried after the one that is known to notice."""
SEEDS_AT_MOST = 500
"""Within so many worlds every plant must be found, whatever is known."""
OUR_OWN_MISTAKES = ("TypeError", "AttributeError", "NameError")
"""A plant that does not fit production any more breaks by itself, and proves nothing."""
Plant = Callable[[pytest.MonkeyPatch], None]

PLANTS: Sequence[Plant] = (
    *FIRST_PLANTS,
    *MORE,
    *ON_THE_LAN,
    *WITH_RELAYS,
    *IN_THE_LOG,
    *OF_UNITS,
    *ON_THE_ROAD,
)
BY_NAME: Mapping[str, Plant] = {plant.__name__: plant for plant in PLANTS}

FIRST: Mapping[Plant, int] = {
    first_plants.skip_the_chain_check: 15,
    first_plants.receipt_for_what_was_announced: 5,
    first_plants.drop_the_losing_value: 3,
    first_plants.see_no_difference: 3,
    first_plants.ignore_quarantine_on_the_node: 2,
    first_plants.admit_everything: 2,
    first_plants.send_bodies_to_everyone: 2,
    first_plants.repeat_verdicts: 2,
    plants.keep_the_epoch_of_a_restored_hub: 9,
    plants.reuse_the_epoch_after_an_image: 95,
    plants.show_no_voucher: 9,
    plants.count_routed_twice: 6,
    plants.clone_gets_data_before_confirmation: 5,
    plants.drop_the_second_branch: 5,
    ON_THE_LAN[0]: 2,
    ON_THE_LAN[1]: 2,
    ON_THE_LAN[2]: 18,
    ON_THE_LAN[3]: 2,
    ON_THE_LAN[4]: 38,
    ON_THE_LAN[5]: 54,
    ON_THE_LAN[6]: 2,
    WITH_RELAYS[0]: 4,
    WITH_RELAYS[1]: 4,
    log_plants.sign_on_after_a_restore: 44,
    log_plants.put_the_tree_back_too: 9,
    log_plants.look_in_the_log_alone: 9,
    log_plants.be_alarmed_by_other_versions: 7,
    log_plants.refuse_what_is_not_known: 61,
    log_plants.keep_tables_of_the_older_program: 7,
    log_plants.write_a_record_at_an_upgrade: 7,
    road_plants.judge_before_store: 2,
    road_plants.expire_tombstones: 5,
    road_plants.never_shrink: 7,
    road_plants.send_everything_anew: 5,
    **FIRST_OF_UNITS,
}
"""Where to begin: the seed below 100 known to notice at least cost; 1 where none is named."""


def seeds_of(plant: Plant, most: int) -> Iterator[int]:
    """The worlds to try, in their order: the one that is known, then 1 to `most`."""
    first = FIRST.get(plant, 1)
    yield first
    yield from (seed for seed in range(1, most + 1) if seed != first)


def find(plant: Plant, patch: pytest.MonkeyPatch, *, most: int = SEEDS_MAX) -> Failure | None:
    """Plant the bug, and play worlds until one notices.

    Raises:
        AssertionError: a world broke because the plant does not fit the code.
    """
    plant(patch)
    for seed in seeds_of(plant, most):
        outcome = attempt_seed(seed)
        if isinstance(outcome, Failure):
            assert not outcome.name.startswith(OUR_OWN_MISTAKES), outcome.line()
            return outcome
    return None
