"""Every breakage is found, in both forms, and says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.reach.mutants import MUTANTS, Mutant
from tests.checks.reach.sets import proof, said


@pytest.mark.parametrize("form", ["flat", "nested"])
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_breakage_is_found(mutant: Mutant, form: str, tmp_path: Path) -> None:
    found = proof(tmp_path, mutant.change, mutant.env, form, **mutant.given)
    assert any(d.sentence.startswith(mutant.said) for d in found.differences), said(found)
