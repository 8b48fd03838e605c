"""Nested stacks merged into one flat template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from generator.model.children import Template, ids, is_open, stack_file, typed
from generator.model.walk import SUBSTITUTED

ROOT = "root"


class Whole(NamedTuple):
    """A set of templates in one."""

    template: dict[str, Any]
    layers: dict[str, str]
    """Which template, by its name in the set, each resource of a nested stack is from."""
    stacks: dict[str, str]
    """The logical id of the root's stack that it is in."""


def inline(templates: Mapping[str, Template]) -> dict[str, Any]:
    """As ``merge``, the template alone."""
    return merge(templates).template


def merge(templates: Mapping[str, Template]) -> Whole:
    """The one template that a root (``"root"``) and its children amount to.

    What has one logical id in several stacks gets the stack's in front of its own, and so does a
    condition or mapping that means something else than its namesake. KeyError when a template or
    an output is not there; ValueError when stacks wait for each other or a parameter gets no value.
    """
    root, made = templates[ROOT], Whole({"Conditions": {}, "Resources": {}}, {}, {})
    counts = Counter(ids(root, templates, ()))
    asked = root.get("Parameters", {})
    scope = _Scope(templates, root, made, {name for name in counts if counts[name] > 1})
    scope.add()
    made.template["Parameters"] = {k: v for k, v in asked.items() if k != "TemplateBaseUrl"}
    made.template["Outputs"] = {
        name: scope.bind(output) for name, output in root.get("Outputs", {}).items()
    }
    made.template.update({key: root[key] for key in ("Rules",) if key in root})
    return made


@dataclass
class _Scope:
    """One stack: what its logical ids and parameters are in the merged template."""

    templates: Mapping[str, Template]
    template: Template
    made: Whole
    several: set[str]
    """Logical ids that several stacks have."""
    title: str = ""
    top: str = ""
    file: str = ""
    guard: str = ""
    """The condition that the stack itself is under."""
    bound: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """What its parameters are passed, and their types."""
    conditions: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """Of nested stacks; None while one is being added."""

    def add(self) -> dict[str, Any]:
        """Put everything into the whole; the values of the outputs."""
        whole = self.made.template
        self.mappings = self._own_names("Mappings")
        self.conditions = self._own_names("Conditions")
        for section, own in (("Mappings", self.mappings), ("Conditions", self.conditions)):
            for name, entry in self.template.get(section, {}).items():
                whole.setdefault(section, {})[own.get(name, name)] = self.bind(entry)
        for logical, resource in self.template["Resources"].items():
            if self._is_stack(logical):
                self._output(logical)
                continue
            name = self.name(logical)
            whole["Resources"][name] = self._guarded(self.bind(resource))
            if self.file:
                self.made.layers[name], self.made.stacks[name] = self.file, self.top
        outputs = self.template.get("Outputs", {}) if self.file else {}
        return {name: self.bind(output["Value"]) for name, output in outputs.items()}

    def name(self, logical: str) -> str:
        """What a resource of this stack is called in the whole."""
        mine = logical in self.several and logical in self.template["Resources"]
        return f"{self.title}{logical}" if mine else logical

    def _own_names(self, section: str) -> dict[str, str]:
        """New names for those entries that mean something else than what is there already."""
        entries, there = self.template.get(section, {}), self.made.template.get(section, {})
        new: dict[str, str] = {}
        while True:
            setattr(self, section.lower(), new)
            more = {
                name: f"{self.title}{name}"
                for name, entry in entries.items()
                if name in new or (name in there and there[name] != self.bind(entry))
            }
            if more == new:
                return new
            new = more

    def _guarded(self, resource: dict[str, Any]) -> dict[str, Any]:
        if not self.guard:
            return resource
        own = resource.get("Condition")
        return {**resource, "Condition": self._both(own) if own else self.guard}

    def _both(self, condition: str) -> str:
        name = f"{self.guard}And{condition}"
        both = [{"Condition": part} for part in (self.guard, condition)]
        self.made.template["Conditions"][name] = {"Fn::And": both}
        return name

    def _output(self, logical: str) -> dict[str, Any]:
        """The outputs of a nested stack, which is added when it is first asked for."""
        if logical not in self.outputs:
            self.outputs[logical] = None
            self.outputs[logical] = self._child(logical).add()
        if (outputs := self.outputs[logical]) is None:
            raise ValueError(f"{logical} waits for itself, by what it is passed")
        return outputs

    def _child(self, logical: str) -> _Scope:
        stack = self.template["Resources"][logical]
        file = stack_file(stack, self.templates)
        child = self.templates[file]
        passed = stack["Properties"].get("Parameters", {})
        bound = {}
        for name, declared in child.get("Parameters", {}).items():
            if name not in passed and "Default" not in declared:
                raise ValueError(f"{logical} is not passed {name}, which has no default")
            value = self.bind(passed[name]) if name in passed else declared["Default"]
            bound[name] = value, str(declared.get("Type", "String"))
        guard = stack.get("Condition", "")
        guard = self.conditions.get(guard, guard) or self.guard
        if self.guard and guard != self.guard:
            guard = self._both(guard)
        return _Scope(
            self.templates,
            child,
            self.made,
            self.several,
            f"{self.title}{logical}",
            self.top or logical,
            file,
            guard,
            bound,
        )

    def bind(self, node: Any, holding: frozenset[str] = frozenset()) -> Any:
        """``node`` with the names of the merged template.

        ``holding`` are the conditions that hold wherever ``node`` counts: under its own condition a
        conditional value is its bare one, as the flat form has it.
        """
        if isinstance(node, list):
            return [self.bind(item, holding) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            if function in BINDERS:
                return BINDERS[function](self, argument, holding)
        if isinstance(condition := node.get("Condition"), str):
            condition = self.conditions.get(condition, condition)
            holding |= self._implied(condition)
            node = {**node, "Condition": condition}
        if "DependsOn" in node:
            node = {**node, "DependsOn": self._renamed(node["DependsOn"])}
        return {key: self.bind(value, holding) for key, value in node.items()}

    def _implied(self, condition: str) -> frozenset[str]:
        """The conditions that hold wherever this one does: itself, and those it joins by And."""
        joined = self.made.template["Conditions"].get(condition, {}).get("Fn::And", [])
        named = (one["Condition"] for one in joined if "Condition" in one)
        return frozenset({condition}).union(*map(self._implied, named))

    def _renamed(self, names: Any) -> Any:
        return [self.name(one) for one in names] if isinstance(names, list) else self.name(names)

    def ref(self, name: Any, holding: frozenset[str]) -> Any:
        """What a Ref of this stack means."""
        if name not in self.bound:
            return {"Ref": self.name(name)}
        value, kind = self.bound[name]
        if isinstance(value, dict) and value.get("Fn::If", [None])[0] in holding:
            value = value["Fn::If"][1]
        return typed(value, kind)

    def attribute(self, argument: Any, holding: frozenset[str]) -> Any:
        """What a GetAtt of this stack means."""
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical, name = parts[0], parts[1]
        if isinstance(name, str) and name.startswith("Outputs.") and self._is_stack(logical):
            return self._output(logical)[name.removeprefix("Outputs.")]
        own = self.name(logical)
        return {"Fn::GetAtt": argument if own == logical else [own, *parts[1:]]}

    def _is_stack(self, logical: str) -> bool:
        resource = self.template["Resources"].get(logical)
        return resource is not None and is_open(resource, self.templates, bool(self.file))

    def branch(self, argument: Any, holding: frozenset[str]) -> Any:
        """An Fn::If of this stack, in whose first branch its condition holds."""
        condition, yes, no = argument
        condition = self.conditions.get(condition, condition)
        yes = self.bind(yes, holding | self._implied(condition))
        return {"Fn::If": [condition, yes, self.bind(no, holding)]}

    def substituted(self, argument: Any, holding: frozenset[str]) -> Any:
        """An Fn::Sub of this stack, what is passed to it among the names that it defines."""
        words, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.bind(value, holding) for name, value in own.items()}
        for name in dict.fromkeys(SUBSTITUTED.findall(words)):
            logical, dot, rest = name.partition(".")
            if name in own:
                continue
            if name in self.bound:
                own[name] = self.ref(name, holding)
            elif rest.startswith("Outputs.") and self._is_stack(logical):
                variable = name.replace(".", "")
                own[variable] = self.attribute(name, holding)
                words = words.replace(f"${{{name}}}", f"${{{variable}}}")
            else:
                words = words.replace(f"${{{name}}}", f"${{{self.name(logical)}{dot}{rest}}}")
        return {"Fn::Sub": [words, own] if own else words}

    def looked_up(self, argument: Any, holding: frozenset[str]) -> Any:
        """An Fn::FindInMap of this stack."""
        title, *keys = argument
        title = self.mappings.get(title, title) if isinstance(title, str) else title
        return {"Fn::FindInMap": [self.bind(title, holding), *self.bind(keys, holding)]}


BINDERS = {
    "Ref": _Scope.ref,
    "Fn::GetAtt": _Scope.attribute,
    "Fn::If": _Scope.branch,
    "Fn::Sub": _Scope.substituted,
    "Fn::FindInMap": _Scope.looked_up,
}
