"""Root and children: what is passed, what is expected, what is read and what is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.lint.finding import Finding
from generator.model.walk import references

ROOT = "output/nested/root.json"

Templates = Mapping[str, Mapping[str, Any]]


def check(root: Mapping[str, Any], children: Templates) -> Iterator[Finding]:
    """Findings about a root and its children, which are given by file name (network.json)."""
    stacks = {
        title: _child_of(stack)
        for title, stack in root["Resources"].items()
        if stack["Type"] == "AWS::CloudFormation::Stack"
    }
    for title, child in stacks.items():
        if child in children:
            yield from _parameters(title, root["Resources"][title], children[child])
        else:
            place = f"Resources/{title}/Properties/TemplateURL"
            yield _finding("no-child", ROOT, place, f"There is no template {child}.")
    yield from _outputs(root, stacks, children)
    yield from _twice(children)


def _child_of(stack: Mapping[str, Any]) -> str:
    url = stack["Properties"]["TemplateURL"]
    return str(url["Fn::Sub"] if isinstance(url, dict) else url).rpartition("/")[2]


def _parameters(
    title: str, stack: Mapping[str, Any], child: Mapping[str, Any]
) -> Iterator[Finding]:
    passed = stack["Properties"].get("Parameters", {})
    expected = child.get("Parameters", {})
    place = f"Resources/{title}/Properties/Parameters"
    for name in passed.keys() - expected.keys():
        yield _finding("passed-in-vain", ROOT, f"{place}/{name}", f"The child has no {name}.")
    for name in expected.keys() - passed.keys():
        if "Default" not in expected[name]:
            yield _finding("not-passed", ROOT, place, f"The child cannot do without {name}.")


def _outputs(
    root: Mapping[str, Any], stacks: Mapping[str, str], children: Templates
) -> Iterator[Finding]:
    read = {tuple(name.split(".Outputs.")) for name in references(root) if ".Outputs." in name}
    offered = {
        (title, output)
        for title, child in stacks.items()
        for output in children.get(child, {}).get("Outputs", {})
    }
    for title, output in sorted(read - offered):
        message = f"{title} has no output {output}."
        yield _finding("no-output", ROOT, f"Resources/{title}", message)
    for title, output in sorted(offered - read):
        file = f"output/nested/{stacks[title]}"
        message = "Neither a sibling nor the root reads this output: remove it or use it."
        yield _finding("unread-output", file, f"Outputs/{output}", message)


def _twice(children: Templates) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for file, child in children.items():
        for title in child["Resources"]:
            if owners.setdefault(title, file) != file:
                message = f"{owners[title]} has a {title} too; in the flat form they collide."
                yield _finding("twice", f"output/nested/{file}", f"Resources/{title}", message)


def _finding(rule: str, file: str, place: str, message: str) -> Finding:
    return Finding("clinic", rule, "error", file, place, message)
