"""The templates of nested stacks: which file each is, what it holds and what it is passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from generator.model.walk import STACK, text
from generator.parameters import values

Template = Mapping[str, Any]


def stack_file(stack: Mapping[str, Any], templates: Mapping[str, Template]) -> str:
    """The name in ``templates`` of a nested stack's template, by as much of its URL's path as there
    is; KeyError if it is not among them."""
    url = PurePosixPath(text(stack["Properties"]["TemplateURL"]).partition("?")[0])
    for start in range(len(url.parts)):
        tail = PurePosixPath(*url.parts[start:])
        for name in (str(tail), str(tail.with_suffix(""))):
            if name in templates:
                return name
    raise KeyError(url.stem)


def is_open(resource: Mapping[str, Any], templates: Mapping[str, Template], inner: bool) -> bool:
    """Whether a resource is a stack whose template is at hand; the root's own ones have to be."""
    if resource["Type"] != STACK:
        return False
    try:
        stack_file(resource, templates)
    except KeyError:
        return not inner
    return True


def ids(
    template: Template, templates: Mapping[str, Template], above: tuple[str, ...]
) -> Iterator[str]:
    """Every logical id of the tree but those of stacks, as often as it is there.

    ``above`` are the files around ``template``; ValueError for one that is inside itself.
    """
    for logical, resource in template["Resources"].items():
        if not is_open(resource, templates, bool(above)):
            yield logical
            continue
        file = stack_file(resource, templates)
        if file in above:
            raise ValueError(f"{logical} is made by {file}, which it is in")
        yield from ids(templates[file], templates, (*above, file))


def typed(value: Any, kind: str) -> Any:
    """A parameter's value as the nested stack reads it; lists are passed as text."""
    if isinstance(value, bool | int | float):
        value = str(value).lower()
    if not values.is_list(kind):
        return value
    if isinstance(value, str):
        return values.split(value, kind)
    if isinstance(value, dict) and value.keys() == {"Fn::Join"} and value["Fn::Join"][0] == ",":
        return value["Fn::Join"][1]
    if isinstance(value, dict) and value.keys() == {"Fn::If"}:
        condition, *branches = value["Fn::If"]
        return {"Fn::If": [condition, *(typed(one, kind) for one in branches)]}
    return value
