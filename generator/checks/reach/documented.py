"""The documented table, for an environment that has no expectations of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.checks.reach.expectations import Expected, Table
from generator.checks.reach.names import Names
from generator.model.network import ports
from generator.model.network.groups import without_egress_rules
from generator.model.view import View
from generator.shipped import text

BACKEND = "backend:3000"
ALWAYS = "every request"
PROTOCOLS = {"80": "HTTP", "443": "HTTPS"}
HEADER = "requests with the secret header X-Origin-Verify"
Row = tuple[str, str, str]


def derive(view: View, names: Names) -> Expected:
    """What the documented system allows with this AlbExposure, and what of it has to be there
    because both ends are."""
    documented = text("generator.checks.reach", "documented.json")
    documented = documented.replace("ENVIRONMENT", parameter(view, "EnvironmentName"))
    data = json.loads(documented.replace("ROOTSTACK", f"clinic-{view.env}"))
    allowed = [*_rows(data["allowed"]), *_rows(data["required"])]
    ours = "AlbExposure" in view.whole.get("Parameters", {})
    # Templates of others need not have our policies, but the chain of the documented system.
    required = [
        row
        for row in _rows(data["required"])
        if _both(row, names) and (ours or ports.parse(row[2]) is not None)
    ]
    exposure = parameter(view, "AlbExposure") or "public"
    if not ours:
        allowed += _by_default(names)
    entrance = list(_entrance(view, exposure))
    allowed += entrance
    allowed += [] if ours else list(_any_entrance())
    required += [row for row in entrance if ours and _both(row, names)]
    if parameter(view, "NatGateways") == "none":
        allowed.append(("internet", "backend", "public address"))
    for name, place in (("WebAclArn", "cdn"), ("AlbWebAclArn", "balancer")):
        if parameter(view, name):
            allowed.append(("web ACL", place, "filters"))
            required.append(("web ACL", place, "filters"))
    source = f"derived from the documented table for AlbExposure {exposure}"
    return Expected(source, _table(allowed), _table(required))


def parameter(view: View, name: str) -> str:
    """A parameter's value or default; empty if the templates have none of that name."""
    declared = view.whole.get("Parameters", {}).get(name, {})
    return str(view.values.get(name, declared.get("Default", "")))


def _entrance(view: View, exposure: str) -> Iterator[Row]:
    port = "443" if parameter(view, "AlbCertificateArn") else "80"
    by_cdn = "443" if parameter(view, "AlbDomainName") else "80"
    yield "cdn", "balancer", f"tcp {by_cdn}"
    for condition in (HEADER,) if exposure == "cloudfront" else (HEADER, ALWAYS):
        yield f"balancer:{port}", BACKEND, f"{condition}, {PROTOCOLS[port]}"
    if port == "443":
        yield "balancer:80", "redirect to https:443", f"{ALWAYS}, HTTP"
    if exposure != "private":
        yield "internet", "balancer", "public address"
    if exposure == "public":
        for web in ("tcp 80", "tcp 443"):
            yield "internet", "balancer", web
            yield "backend", "balancer", web
    elif exposure == "cloudfront":
        yield "any distribution", "balancer", f"tcp {port}"
    else:
        yield "any distribution", "balancer", f"tcp {port} by its group alone"


def _any_entrance() -> Iterator[Row]:
    """Templates of others say by their listeners which of the documented ports they serve."""
    for port, protocol in PROTOCOLS.items():
        yield f"balancer:{port}", BACKEND, f"{ALWAYS}, {protocol}"
        yield "cdn", "balancer", f"tcp {port}"
    yield "balancer:80", "redirect to https:443", f"{ALWAYS}, HTTP"


def _by_default(names: Names) -> list[Row]:
    """The documented table lists ingress only: where templates of others do not say what goes out
    either, AWS's default is no breach of it."""
    kinds = ("balancer", "backend", "database") if without_egress_rules(names) else ()
    ways = ("any protocol", "any protocol by its group alone")
    return [
        *((kind, "internet", way) for kind in kinds for way in ways),
        # A balancer for everybody is one for its neighbours as well.
        *((kind, "balancer", way) for kind in kinds for way in ("tcp 80", "tcp 443")),
    ]


def _both(row: Row, names: Names) -> bool:
    source, target, _ = row
    return _is_there(source, names) and _is_there(target, names)


def _is_there(end: str, names: Names) -> bool:
    """Whether something that can be there or not is; AWS's services and the world always are."""
    if "." in end or end in ("internet", "the account", "everybody", "any distribution"):
        return "/" not in end or _is_there(end.partition("/")[0], names)
    if end == "viewer":
        return "cdn" in names.roles.values()
    thing = end.partition("/")[0].partition(":")[0].removeprefix("holder of ")
    thing = thing.removeprefix("subnets of ")
    return thing in names.roles.values() or thing in names.resources or end.startswith("redirect")


def _rows(table: dict[str, dict[str, list[str]]]) -> list[Row]:
    return [
        (source, target, way)
        for source, row in table.items()
        for target, ways in row.items()
        for way in ways
    ]


def _table(rows: list[Row]) -> Table:
    table: dict[str, dict[str, list[str]]] = {}
    for source, target, way in rows:
        ways: list[Any] = table.setdefault(source, {}).setdefault(target, [])
        if way not in ways:
            ways.append(way)
    return table
