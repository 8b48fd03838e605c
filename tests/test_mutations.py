"""The planted faults are where the code is; ``python -m tests.mutations`` plants them."""

from __future__ import annotations

import pytest

from tests.mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_fault_can_still_be_planted_and_its_test_is_still_there(mutation: Mutation) -> None:
    assert mutation.old in (ROOT / mutation.file).read_text()
    file, _, name = mutation.test.partition("::")
    assert name in (ROOT / file).read_text()
