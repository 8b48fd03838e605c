"""The resources of a view by what they are to the documented system."""

from __future__ import annotations

from generator.model.references import References, text
from generator.model.resolve import pseudo_parameters
from generator.model.view import View

__all__ = ["Names", "text"]


class Names(References):
    """The resources of a view, and how they are called."""

    def __init__(self, view: View) -> None:
        stack = pseudo_parameters(view.region, f"clinic-{view.env}")
        super().__init__(view.resources, view.values, stack)
        self.roles: dict[str, str] = {}
        """What a thing is to the documented system, by logical id; others keep their logical id."""

    def called(self, logical: str) -> str:
        """What people call a resource."""
        return self.roles.get(logical, logical)
