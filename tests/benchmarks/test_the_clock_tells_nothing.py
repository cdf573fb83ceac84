"""What ``make bench-timing`` would say: a difference that was planted is found (SAFETY G1, G2)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from benchmarks.timing import Flow, Seen, auc, like


@pytest.mark.parametrize(
    ("ones", "others", "chance"),
    [
        ([1.0, 2.0], [3.0, 4.0], 0.0),
        ([3.0, 4.0], [1.0, 2.0], 1.0),
        ([1.0, 4.0], [2.0, 3.0], 0.5),
        ([1.0, 1.0], [1.0], 0.5),
        ([2.0, 1.0, 3.0], [2.0], 0.5),
        ([5.0], [1.0, 2.0, 9.0], 2 / 3),
    ],
)
def test_the_auc_is_the_share_of_pairs(ones: list[float], others: list[float], chance: float) -> None:
    assert auc(ones, others) == pytest.approx(chance)


def test_without_values_there_is_no_auc() -> None:
    with pytest.raises(ValueError, match="values"):
        auc([], [1.0])


def flow(*, late: float = 0.0, **changes: Any) -> Flow:
    made, chance = Flow("planted"), random.Random(1)
    facts: dict[str, Any] = {"status": 302, "location": "/inscription/verification/", "length": 0}
    for known in (True, False):
        for _try in range(200):
            made.seen[known].append(Seen(**{**facts, **(changes if known else {})}))
            made.seconds[known].append(chance.gauss(0.03, 0.004) + (late if known else 0))
    return made


def test_alike_in_all_tells_nothing() -> None:
    assert flow().tells_nothing and not flow().differences()


@pytest.mark.parametrize("change", [{"status": 200}, {"location": "/"}, {"length": 1}])
def test_an_answer_that_differs_is_reported(change: dict[str, object]) -> None:
    planted = flow(**change)
    assert not planted.tells_nothing
    assert planted.differences()[0].startswith(next(iter(change)))


def test_three_milliseconds_more_for_who_is_known_are_found() -> None:
    planted = flow(late=0.003)
    assert planted.auc > 0.6 and not planted.tells_nothing
    assert flow(late=-0.003).auc < 0.4


def test_an_unknown_one_is_as_long_and_nobodys() -> None:
    taken = {"jeanne.dupont", "jeanne.dupont@exemple.fr"}
    chance = random.Random(3)
    for word in taken:
        for _time in range(50):
            other = like(word, taken, chance)
            assert len(other) == len(word) and other not in taken
            assert other.partition("@")[2] == word.partition("@")[2]
