"""The mutation test of the language: mistakes of every kind are seeded into the florist, each is caught in its line.

`python -m tests.unit.strategy.mutants` seeds all of them, this test one of each kind behind each key.
"""

from collections import Counter

import pytest

from tests.unit.strategy.mutants import Mutant, few_of_each, missed, mutants
from tests.unit.strategy.samples import florist_text

SEEDED = few_of_each(mutants(florist_text()))
KINDS = sorted({mutant.kind for mutant in SEEDED})


@pytest.mark.parametrize("kind", KINDS)
def test_every_mistake_is_caught_in_its_line(kind: str) -> None:
    seeded = [mutant for mutant in SEEDED if mutant.kind == kind]
    not_caught = {mutant.what: said for mutant in seeded if (said := missed(mutant)) is not None}
    print(f"{kind}: seeded {len(seeded)}, caught in the right line {len(seeded) - len(not_caught)}")  # noqa: T201
    assert not_caught == {}


def test_mistakes_of_many_kinds_are_seeded() -> None:
    assert len(SEEDED) >= 400
    assert min(Counter(mutant.kind for mutant in SEEDED).values()) >= 1
    assert len(KINDS) >= 18
    assert len({mutant.text for mutant in SEEDED}) >= len(SEEDED) * 9 // 10


def test_the_test_bites() -> None:
    """A mutant that is no mistake is reported as missed."""
    assert missed(Mutant("none", "the florist as it is", florist_text(), frozenset({1}))) is not None
