"""The one abstraction: a layer says what it needs, what it offers and how it is built.

A *name* is a CloudFormation parameter. The module that offers a value (or, for a choice of the
operator, the first layer that needs it) declares it; everybody else imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from troposphere import If, Parameter, Template

from generator.errors import ClinicError


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
    owns: tuple[str, ...] = ()
    """What docs/layers.md says of it, and what docs/es/layers.md."""
    needs: tuple[Name, ...] = ()
    """Names offered by earlier layers; any other name is asked of the operator."""
    offers: tuple[Name, ...] = ()
    settles: tuple[str, ...] = ()
    """Logical ids that must exist before a layer that needs this one starts (flat: DependsOn)."""
    rules: Rules = MappingProxyType({})

    @property
    def file(self) -> str:
        """Where it is built: generator/layers/network.py."""
        path = self.build.__code__.co_filename.replace("\\", "/")
        return path[path.rfind("generator/layers/") :] if "generator/layers/" in path else path

    def add_to(self, template: Template, values: Values) -> Values:
        """Build into ``template``; ClinicError when it reads what it does not need, or does not
        return exactly what it offers."""
        made = self.build(template, _Needed(self, values))
        if set(made) != set(self.offers):
            missing, spare = (
                _titles(set(self.offers) - set(made)),
                _titles(set(made) - set(self.offers)),
            )
            raise ClinicError(
                f"{self.file}: what build returns is not what the layer {self.title} offers: "
                f"returned and not in offers: {spare or 'nothing'}; in offers and not returned: "
                f"{missing or 'nothing'}."
            )
        return made


class _Needed(dict[Name, Any]):
    """What a layer needs; whatever else it reads is named."""

    def __init__(self, layer: Layer, values: Values) -> None:
        super().__init__(values)
        self.layer = layer

    def __missing__(self, name: Name) -> Any:
        title, file = self.layer.title, self.layer.file
        raise ClinicError(
            f"{file}: the layer {title} reads {name.title}, which is not among its needs: write "
            f"it into needs of {title.upper()}."
        )


def _titles(names: Iterable[Name]) -> str:
    return ", ".join(sorted(str(name.title) for name in names))


def check_layers(layers: Sequence[Layer]) -> None:
    """ClinicError unless names are declared once, offered once, and offered before needed."""
    declared: dict[str, Name] = {}
    seen: set[Name] = set()
    for layer in layers:
        for name in (*layer.needs, *layer.offers):
            if declared.setdefault(str(name.title), name) is not name:
                raise ClinicError(
                    f"{layer.file}: {name.title} is declared twice: import it from the layer that "
                    "declares it first."
                )
        if late := seen.union(layer.needs).intersection(layer.offers):
            raise ClinicError(
                f"{layer.file}: the layer {layer.title} offers {_titles(late)}, which a layer "
                "before it needs or offers already: put it earlier into LAYERS "
                "(generator/architecture.py), or offer it once."
            )
        seen.update(layer.needs, layer.offers)
