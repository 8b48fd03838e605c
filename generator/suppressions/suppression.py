"""One row of the table of suppressions."""

from __future__ import annotations

from typing import NamedTuple


class Suppression(NamedTuple):
    """Why a rule does not apply somewhere."""

    rule: str
    place: str
    """A pattern for the finding's place; ``*`` stands for any text, ``/`` included."""
    reason: str
    carried: bool = False
    """Whether plain cfn-lint says it too, so that the templates carry it in their Metadata."""
    judge: str = ""
    """For a rule of another judge its key in a resource's Metadata: checkov, guard, cfn_nag or
    cdk_nag. The reason then begins with the line of the table of controls in docs/security.md."""
