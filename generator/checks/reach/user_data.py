"""Whether the settings in user data agree with the resources of the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from generator import bootstrap
from generator.checks.reach.facts import Fact, Facts, Reach
from generator.checks.reach.listeners import TARGETS
from generator.checks.reach.names import Names, text
from generator.model.backend import GROUP, launches, settings
from generator.model.data import attached
from generator.model.iam import like

DATABASE, PARAMETER = "AWS::RDS::DBInstance", "AWS::SSM::Parameter"
FORCED = "rds.force_ssl"


def facts(names: Names, granted: Iterable[Fact]) -> Facts:
    """What user data asks for and does not get, each as a Reach that no environment expects."""
    allowed = [fact for fact in granted if isinstance(fact, Reach) and not fact.refusal]
    for name, properties in names.of_type(GROUP).items():
        for launch in launches(name, properties, names):
            head = settings(launch)
            if "CONFIG_KEY" not in head:  # Somebody else's program, of which nothing is known.
                continue
            who, why = names.called(name), (text(launch["from"]), "its user data")
            for target, what in (
                *_unread(who, head, allowed, names),
                *_database(head, names),
                *_balancer(head, properties, names),
            ):
                yield Reach(who, target, what, why)


def _unread(
    who: str, head: Mapping[str, str], allowed: Iterable[Reach], names: Names
) -> Iterator[tuple[str, str]]:
    bucket, secret, library = (
        names.target(head.get(k)) for k in ("CONFIG_BUCKET", "DATABASE_SECRET", "LIBRARY_PARAMETER")
    )
    required = [
        (f"{names.called(bucket)}/{head['CONFIG_KEY']}", "s3:GetObject"),
        (names.called(secret), "secretsmanager:GetSecretValue"),
    ]
    if "LIBRARY_PARAMETER" in head:
        name = names.blank(text(names.of_type(PARAMETER).get(library, {}).get("Name", library)))
        arn = f"arn:aws:ssm:REGION:ACCOUNT:parameter/{name.lstrip('/')}"
        required.append((arn, "ssm:GetParameter"))
    for target, action in required:
        if not any(
            fact.source == who
            and like(fact.target, target)
            and like(fact.what.partition(" if ")[0].lower(), action.lower())
            for fact in allowed
        ):
            yield target, f"asked for its settings, which no {action} lets it read"


def _database(head: Mapping[str, str], names: Names) -> Iterator[tuple[str, str]]:
    databases = names.of_type(DATABASE)
    if len(databases) != 1:
        return
    [(database, properties)] = databases.items()
    called, secret = names.called(database), names.target(head.get("DATABASE_SECRET"))
    if attached(names).get(secret) != database:
        yield called, f"looked for in {names.called(secret)}, which is not attached to it"
    # A snapshot brings its databases along.
    name = text(properties.get("DBName", head.get("DATABASE_NAME", "")))
    if name != head.get("DATABASE_NAME"):
        yield called, f"asked for database {head.get('DATABASE_NAME')}, and it has {name}"
    group = names.of_type("AWS::RDS::DBParameterGroup").get(
        names.target(properties.get("DBParameterGroupName")), {}
    )
    forced = text(group.get("Parameters", {}).get(FORCED, 1)) == "1"
    encrypts = (head.get("SSL_ENABLED") or _fixed("SSL_ENABLED")) == "true"
    if forced and not encrypts:
        yield called, f"asked without TLS, which {FORCED} refuses"
    if not forced:
        yield called, f"answers without TLS: {FORCED} is off"


def _balancer(
    head: Mapping[str, str], group: Mapping[str, Any], names: Names
) -> Iterator[tuple[str, str]]:
    port = head.get("PORT") or _fixed("PORT")
    for target in names.targets(group.get("TargetGroupARNs")):
        properties = names.of_type(TARGETS).get(target, {})
        path = text(properties.get("HealthCheckPath", "/"))
        if path != head.get("HEALTH_PATH"):
            yield target, f"asked on {path}, and well when {head.get('HEALTH_PATH')} answers"
        if text(properties.get("Port")) != port:
            yield target, f"asked on port {text(properties.get('Port'))}, and listens to {port}"


def _fixed(name: str) -> str:
    """The value that a boot script itself passes to the container; empty if there is none."""
    scripts = sorted(Path(bootstrap.__path__[0]).glob("*.sh"))
    matches = (re.search(rf"\b{name}=(\w+)", script.read_text("utf-8")) for script in scripts)
    return next((one[1] for one in matches if one), "")
