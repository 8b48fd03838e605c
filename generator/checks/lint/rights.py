"""Whether the policies that we ship let the deployer make what our templates hold.

Asked is which actions the policies allow at all, and the names that they list. For which resources
and under which conditions they allow them is what tests/policies decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from generator import resource_types, shipped
from generator.checks.lint.finding import Finding
from generator.model.walk import STACK, nodes
from generator.policies import deployer, needs, scopes

FOLDER = "generator/policies"
DEPLOYER, BOUNDARY = "policies/deployer-", "policies/boundary.json"
REFRESH = "python -m generator.policies.refresh"
CUSTOM = "AWS::CloudFormation::CustomResource"
POLICIES = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}

Documents = Mapping[str, Mapping[str, Any]]
Resources = Mapping[str, Mapping[str, Any]]


def check(documents: Documents, resources: Resources) -> Iterator[Finding]:
    """Findings about the policies among ``documents`` for ``resources``, those of all templates."""
    kinds = {resource["Type"] for resource in resources.values()} - {STACK}
    yield from _actions(documents, {CUSTOM if k.startswith("Custom::") else k for k in kinds})
    yield from _secrets(resources)
    yield from _passed(resources)
    yield from _attached(resources)
    yield from _boundary(documents, resources)


def _actions(documents: Documents, kinds: Iterable[str]) -> Iterator[Finding]:
    table: Mapping[str, list[str]] = needs.table()["types"]
    allowed = _allowed(text for path, text in documents.items() if path.startswith(DEPLOYER))
    for kind in sorted(kinds):
        if kind not in table:
            yield _finding(needs.FILE, f"{kind} is not in it: run {REFRESH}, then generate again.")
            continue
        needed = [action for action in table[kind] if not needs.is_unused(action)]
        missing = [action for action in needed if not _matches(action, allowed)]
        if missing:
            services = sorted({action.partition(":")[0] for action in missing})
            fields = ", ".join(f'deployer.{one} = ["arn:aws:{one}:..."]' for one in services)
            yield _of_row(
                kind,
                f"The deployer may not make it: no policy allows {', '.join(missing)}. Write "
                f'where it may under ["{kind}"]: {fields}.',
            )


def _secrets(resources: Resources) -> Iterator[Finding]:
    for name in _of_type(resources, "AWS::SecretsManager::Secret"):
        if name not in scopes.SECRETS:
            sentence = f"The deployer may not make the secret {name}: write it into SECRETS."
            yield _finding("scopes.py", sentence, "SECRETS")


def _passed(resources: Resources) -> Iterator[Finding]:
    for name, role in _of_type(resources, "AWS::IAM::Role").items():
        for node in nodes(role["AssumeRolePolicyDocument"]):
            service = node.get("Service") if isinstance(node, dict) else None
            for one in [service] if isinstance(service, str) else service or ():
                if one not in deployer.PASSED_TO:
                    sentence = f"{name} may not be passed to {one}: write it into PASSED_TO."
                    yield _finding("deployer.py", sentence, "PASSED_TO")


def _attached(resources: Resources) -> Iterator[Finding]:
    texts = {text for text in nodes(resources) if isinstance(text, str)}
    for text in sorted(texts):
        for name in re.findall(r":iam::aws:policy/([\w/-]+)", text):
            if name not in deployer.AWS_MANAGED:
                sentence = f"The deployer may not attach {name}: write it into AWS_MANAGED."
                yield _finding("deployer.py", sentence, "AWS_MANAGED")


def _boundary(documents: Documents, resources: Resources) -> Iterator[Finding]:
    """What the templates' policies allow and a role within the boundary could not do."""
    allowed = _allowed([documents[BOUNDARY]])
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        texts = [inline["PolicyDocument"] for inline in properties.get("Policies", ())]
        if resource["Type"] in POLICIES and properties.get("Roles"):
            texts.append(properties["PolicyDocument"])
        missing = sorted(a for a in _granted(texts) if not _matches(a, allowed))
        if missing:
            sentence = (
                f"{name} allows {', '.join(missing)}, which the boundary of all roles does not: "
                'write roles."arn:..." = ["action"] into the row of the type that it is for or, '
                "where it needs a condition, a statement into generator/policies/boundary.py."
            )
            beginnings = tuple(f"aws::{action.partition(':')[0]}::" for action in missing)
            kinds = (one["Type"] for one in resources.values())
            owner = min((k for k in kinds if k.lower().startswith(beginnings)), default="")
            yield _of_row(owner, sentence)


def _granted(texts: Iterable[Any]) -> set[str]:
    """The actions of all Allow statements, also of those behind an ``Fn::If``."""
    return {
        action
        for statement in nodes(list(texts))
        if isinstance(statement, dict) and statement.get("Effect") == "Allow"
        for action in _listed(statement.get("Action", ()))
    }


def _allowed(texts: Iterable[Any]) -> set[str]:
    return {action.lower() for action in _granted(texts)}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern) for pattern in patterns)


def _of_type(resources: Resources, kind: str) -> dict[str, Any]:
    return {n: r.get("Properties", {}) for n, r in resources.items() if r["Type"] == kind}


def _of_row(kind: str, message: str) -> Finding:
    place = resource_types.line(kind)
    return Finding("clinic", "deployer", "error", resource_types.FILE, "", message, place)


def _finding(file: str, message: str, table: str = "") -> Finding:
    """About ``file`` of FOLDER, at the line where ``table`` begins."""
    lines = shipped.text("generator.policies", file).splitlines() if table else []
    line = next((n for n, text in enumerate(lines, 1) if text.startswith(table)), 1)
    return Finding("clinic", "deployer", "error", f"{FOLDER}/{file}", "", message, line)
