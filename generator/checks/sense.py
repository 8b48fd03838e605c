"""Templates that are resolved and still make no sense to a proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from generator.errors import ClinicError

OURS = "what the code builds"
"""What a sentence calls the set that is looked at when no other is given."""


@contextmanager
def expected(name: object) -> Iterator[None]:
    """Turn what a malformed resource does to a proof into a ClinicError about the set ``name``."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as trouble:
        said = str(trouble).splitlines()[0] if str(trouble) else "nothing more is known"
        raise ClinicError(
            f"{name or OURS} has a resource of a form that nobody expects "
            f"({type(trouble).__name__}: {said}): cfn-lint says where."
        ) from trouble
