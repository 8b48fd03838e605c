"""Two assemblers that turn the same layers into nested stacks or into one flat template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from troposphere import AWSObject, Export, Join, Output, Ref, Sub, Template
from troposphere.cloudformation import Stack

from generator.layer import Layer, Name, Provided, Values, check_layers

TEMPLATE_BASE_URL = Name(
    "TemplateBaseUrl",
    Type="String",
    Description="Where the layers' templates are: the https address of the S3 folder that holds "
    "the files of output/nested, without a slash at the end.",
    AllowedPattern=r"^https://[^\s']+[^\s'/]$",
    ConstraintDescription="An https address such as "
    "https://my-bucket.s3.amazonaws.com/clinic, without a slash at the end.",
)


def nested(layers: Sequence[Layer], publish: Iterable[Name]) -> dict[str, Template]:
    """A root and one child per layer, by file stem; wired through parameters and outputs.

    ``publish`` names the offers that the root shows as outputs, in that order.
    """
    check_layers(layers)
    root = Template(Description="Root: wires the layers and owns nothing but their stacks.")
    root.add_parameter(TEMPLATE_BASE_URL)
    templates, known = {"root": root}, dict[Name, Any]()
    for layer in layers:
        child = templates[layer.title.lower()] = Template(Description=f"{layer.title} layer.")
        for need in layer.needs:
            child.add_parameter(need)
        made = layer.add_to(child, {need: need.ref() for need in layer.needs})
        for offer in layer.offers:
            child.add_output(Output(str(offer.title), Value=_text(offer, made[offer])))
        stack = Stack(f"{layer.title}Stack", root)
        stack.DeletionPolicy = stack.UpdateReplacePolicy = "Delete"
        stack.TemplateURL = Sub(f"${{TemplateBaseUrl}}/{layer.title.lower()}.json")
        stack.Parameters = {
            need.title: known[need] if need in known else _text(need, _ask(root, need))
            for need in layer.needs
        }
        known |= {offer: stack.get_att(f"Outputs.{offer.title}") for offer in layer.offers}
    _finish(root, layers, {name: known[name] for name in publish})
    return templates


def flat(layers: Sequence[Layer], publish: Iterable[Name]) -> Template:
    """The same layers in one template, wired by direct references."""
    check_layers(layers)
    template = Template(Description="All layers of the architecture in one stack.")
    known: dict[Name, Any] = {}
    settled: dict[Name, tuple[str, ...]] = {}
    for layer in layers:
        earlier = set(template.resources)
        values = {n: _bare(known[n]) if n in known else _ask(template, n) for n in layer.needs}
        known |= layer.add_to(template, values)
        wait = sorted({title for need in layer.needs for title in settled.get(need, ())})
        for title in template.resources.keys() - earlier:
            _wait_for(template.resources[title], wait)
        settled |= dict.fromkeys(layer.offers, (*wait, *layer.settles))
    _finish(template, layers, {name: _text(name, known[name]) for name in publish})
    return template


def _ask(template: Template, need: Name) -> Ref:
    """No layer offers it: the operator does."""
    return Ref(template.get_or_add_parameter(need))


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Provided) else value


def _text(name: Name, value: Any) -> Any:
    """Only text crosses a stack boundary: lists are joined here and split by the child's type."""
    is_list = name.Type.startswith("List<") or name.Type == "CommaDelimitedList"
    return Join(",", value) if is_list else value


def _wait_for(resource: AWSObject, titles: list[str]) -> None:
    """Restore the order that nested stacks give silently."""
    if titles:
        own = getattr(resource, "DependsOn", [])
        resource.DependsOn = [*titles, *([own] if isinstance(own, str) else own)]


def _finish(template: Template, layers: Sequence[Layer], published: Values) -> None:
    for layer in layers:
        for name, rule in layer.rules.items():
            template.add_rule(name, rule)
    for offer, value in published.items():
        export = Export(Sub(f"${{AWS::StackName}}-{offer.title}"))
        template.add_output(
            Output(str(offer.title), Description=offer.Description, Value=value, Export=export)
        )
