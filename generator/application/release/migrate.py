"""One command, once, on one instance, in a container of the new image: a schema's migration.

The stack's function sends bootstrap/migrate.sh there by Systems Manager; it signs in and pulls as
the instance did at its boot, and starts a container with the settings of the one that serves. The
command is in Systems Manager's history and in the instance's process list, so no secret belongs in
it.
"""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from generator.application.release.fleet import Fleet, Version
from generator.cloud.aws import code_of
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

PAUSE = 3.0
RUNNING = {"Pending", "InProgress", "Delayed", "Cancelling"}


def migrate(fleet: Fleet, version: Version, command: str, report: Report) -> None:
    """Run ``command`` in a container of the version's image; ClinicError (1) if it fails.

    A second run finds what a first one started, and what has succeeded for this version is not
    done again.
    """
    sent = _send(fleet, _chosen(fleet), version, command)
    run, instance = sent["id"], sent["instance"]
    if sent["status"] == "Success":
        report.say("Migration: it has run for this release.")
        return
    report.say(f"Migration on {instance}: {plain(command)}")
    report.tell("migration", instance=instance, command=command, id=run)
    outcome = _ended(fleet, run, instance)
    for line in outcome.get("StandardOutputContent", "").splitlines():
        report.say(f"  {plain(line)}")
    if outcome["Status"] != "Success":
        raise ClinicError(_failure(outcome, instance), exit_code=1)


def _chosen(fleet: Fleet) -> str:
    serving = [one.id for one in fleet.look().instances if one.serves]
    if not serving:
        raise ClinicError(
            "no instance serves, so there is none to migrate on: see `clinic status`.", exit_code=3
        )
    return min(serving)


def _send(fleet: Fleet, instance: str, version: Version, command: str) -> dict[str, Any]:
    """The id, instance and status of the command; of an earlier one unless that has failed."""
    try:
        sent: dict[str, Any] = fleet.ask(
            "migrate",
            image=version.wish.image,
            command=command,
            version=version.number,
            instance=instance,
        )
    except ClientError as error:
        if code_of(error) != "InvalidInstanceId":
            raise
        raise ClinicError(
            f"Systems Manager does not reach {instance}, so nothing was migrated or rolled: its "
            "agent needs a way out, and some minutes after the boot.",
            exit_code=3,
        ) from error
    return sent


def _ended(fleet: Fleet, run: str, instance: str) -> dict[str, Any]:
    while True:
        try:
            told: dict[str, Any] = fleet.ask("migration", id=run, instance=instance)
        except ClientError as error:
            # For a moment the service does not know what it was just told.
            if code_of(error) != "InvocationDoesNotExist":
                raise
        else:
            if told["Status"] not in RUNNING:
                return told
        time.sleep(PAUSE)


def _failure(outcome: dict[str, Any], instance: str) -> str:
    said = outcome.get("StandardErrorContent") or outcome.get("StandardOutputContent") or ""
    last = [plain(line) for line in said.splitlines() if line.strip()][-5:]
    status = f"{outcome['Status']}, exit code {outcome.get('ResponseCode', -1)}"
    head = f"the migration failed on {instance} ({status}): no instance was replaced."
    return "\n  ".join([head, *last])
