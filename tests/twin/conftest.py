"""Whether this machine can run the twin; where it cannot, the tests are skipped and say why."""

from __future__ import annotations

import warnings

import pytest

from generator.twin.namespaces import why_not
from generator.twin.stand import FILES, PROGRAMS

WHY_NOT = why_not(PROGRAMS, FILES)


class NotStoodUpWarning(UserWarning):
    """No environment was stood up here."""


@pytest.fixture(scope="session")
def daemons() -> None:
    """What a test needs that stands an environment up."""
    if WHY_NOT:
        warnings.warn(f"the twin was NOT RUN here: {WHY_NOT}", NotStoodUpWarning, stacklevel=1)
        pytest.skip(WHY_NOT)
