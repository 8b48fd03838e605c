"""What cannot be judged from templates alone."""

from __future__ import annotations

from typing import NamedTuple


class Unknown(NamedTuple):
    """Something that cannot be judged from templates alone."""

    where: str
    sentence: str
