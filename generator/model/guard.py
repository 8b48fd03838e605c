"""Malformed templates: exceptions of code that reads them become a ClinicError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from generator.errors import ClinicError

OURS = "what the code builds"
"""What a sentence calls the set that is looked at when no other is given."""

MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""All that a value of another shape, size or depth does to code that reads it."""


@contextmanager
def guarded(sentence: Callable[[Exception], str]) -> Iterator[None]:
    """Turn what a malformed template does to code that reads it into a ClinicError of ``sentence``,
    which is called with what went wrong."""
    try:
        yield
    except MALFORMED as trouble:
        raise ClinicError(sentence(trouble)) from trouble


def expected(name: object) -> AbstractContextManager[None]:
    """As ``guarded``, for what reads the resources of the set ``name`` (None: our own)."""
    return guarded(
        lambda trouble: (
            f"{name or OURS} has a part of a form that nobody expects "
            f"({type(trouble).__name__}: {reason(trouble)}): cfn-lint says where."
        )
    )


def resolving(name: object) -> AbstractContextManager[None]:
    """As ``guarded``, for what resolves the set ``name`` (None: our own)."""
    return guarded(lambda trouble: f"{name or OURS} cannot be resolved: {reason(trouble)}.")


def reason(trouble: Exception) -> str:
    """What is wrong, on one line without a full stop."""
    if isinstance(trouble, KeyError) and trouble.args:
        return f"{trouble.args[0]} is asked for and not there"
    if isinstance(trouble, RecursionError):
        return "it is nested too deeply"
    return str(trouble).splitlines()[0].rstrip(".") if str(trouble) else type(trouble).__name__
