"""The one abstraction: a layer says what it needs, what it offers and how it is built.

A *name* is a CloudFormation parameter. The module that offers a value (or, for a choice of the
operator, the first layer that needs it) declares it; everybody else imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from troposphere import If, Parameter, Template


class Name(Parameter):
    """A parameter that equals only itself, so that a name is declared once and imported."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Provided(If):
    """An offer that exists under a condition and is the word ``none`` otherwise.

    Who uses it states the condition as well, so the flat form hands over the bare value. A word,
    since no document of AWS's says that a stack can read an empty output of a nested one.
    """

    def __init__(self, condition: str, value: Any) -> None:
        self.value = value
        super().__init__(condition, value, "none")


Values = Mapping[Name, Any]
"""What each name stands for in the template being built: a Ref, an attribute, an ``Fn::If``."""

Rules = Mapping[str, Mapping[str, Any]]
"""CloudFormation Rules by name: combinations of operator parameters that cannot work."""


class Layer(NamedTuple):
    """One concern of the architecture; it never knows in which form it is assembled."""

    title: str
    """Network: ``layers/network.py``, ``nested/network.json`` and, in the root, NetworkStack."""
    build: Callable[[Template, Values], Values]
    """Adds the resources to a template and returns the values of ``offers``."""
    needs: tuple[Name, ...] = ()
    """Names offered by earlier layers; any other name is asked of the operator."""
    offers: tuple[Name, ...] = ()
    settles: tuple[str, ...] = ()
    """Logical ids that must exist before a layer that needs this one starts (flat: DependsOn)."""
    rules: Rules = MappingProxyType({})

    def add_to(self, template: Template, values: Values) -> Values:
        """Build into ``template``; ValueError when the result is not exactly what is offered."""
        made = self.build(template, values)
        if set(made) != set(self.offers):
            differing = sorted(str(name.title) for name in set(made) ^ set(self.offers))
            raise ValueError(f"{self.title} must return exactly what it offers; see {differing}")
        return made


def check(layers: Sequence[Layer]) -> None:
    """ValueError unless names are declared once, offered once, and offered before needed."""
    declared: dict[str, Name] = {}
    seen: set[Name] = set()
    for layer in layers:
        for name in (*layer.needs, *layer.offers):
            if declared.setdefault(str(name.title), name) is not name:
                raise ValueError(f"{name.title} is declared twice: import it instead")
        if late := seen.union(layer.needs).intersection(layer.offers):
            titles = sorted(str(name.title) for name in late)
            raise ValueError(f"{layer.title} offers too late, or again: {titles}")
        seen.update(layer.needs, layer.offers)
