"""Errors that a person can correct."""

from __future__ import annotations

import json


class ClinicError(Exception):
    """Shown as it is on stderr, without a traceback: what is wrong, where, and what to do."""

    def __init__(self, sentence: str, exit_code: int = 2, line: int = 1) -> None:
        """``exit_code``: 1 failed, 2 bad input, 3 needs a person. ``line``: of the bad file."""
        super().__init__(sentence)
        self.exit_code = exit_code
        self.line = line


def reason(error: OSError) -> str:
    """The system's own words, without the path that the sentence around them names anyway."""
    return (error.strerror or str(error)).lower()


def quote(text: str) -> str:
    """Fit for one line of any terminal, however long or strange ``text`` is."""
    return json.dumps(text if len(text) <= 80 else f"{text[:77]}...")
