"""Two worker processes that prepare what a benchmark needs, never far ahead of the one who uses it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

WORKERS = 2
_AHEAD = WORKERS + 1

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_workers(
    task: Callable[[Task], Result],
    given: Iterable[Task],
    *,
    first: Callable[..., object] | None = None,
    values: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """The results in order; `first` is called with `values` once in each worker.

    Only a few results wait at a time: they are large, and whoever writes them to a database is slower.
    """
    left = iter(given)
    with ProcessPoolExecutor(
        WORKERS, mp_context=get_context("spawn"), initializer=first, initargs=values
    ) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(task, each) for each in islice(left, _AHEAD))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(task, each) for each in islice(left, 1))
            yield result
