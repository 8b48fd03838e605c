"""The stack told what its instances already run, so that no later deployment undoes it.

CloudFormation makes one more version of the launch template, equal to the one that was rolled out,
and points the group at it. RollingUpdate=false keeps it from replacing every instance once more.
"""

from __future__ import annotations

from dataclasses import asdict

from generator.application.release.fleet import Fleet
from generator.application.release.wish import Wish
from generator.cloud import change_set
from generator.cloud.deploy import DeployOptions, conclude
from generator.cloud.environment import Environment
from generator.cloud.follow import EventFeed
from generator.cloud.stacks import Stack, newest
from generator.errors import ClinicError
from generator.functions.release_backend import change_set_name


def take_over(
    fleet: Fleet, env: Environment, stack: Stack, wish: Wish, wishes: DeployOptions
) -> None:
    """Update the stack's parameters, its template unchanged, and see it through.

    ClinicError (3) if the stack could not be told: the instances run ``wish`` all the same.
    """
    aws, given = fleet.aws, asdict(wish)
    changes = change_set.ready(
        aws,
        {"StackName": stack.name, "ChangeSetName": change_set_name(**given)},
        lambda: fleet.ask("make_change_set", **given),
    )
    if changes is None:
        return
    last = newest(aws, changes.stack)
    change_set.execute(aws, changes, lambda: fleet.ask("execute_change_set", **given))
    try:
        conclude(aws, env, EventFeed(aws, changes.stack, last.time, last.id), wishes)
    except ClinicError as failed:
        if failed.exit_code not in (1, 3):
            raise
        raise ClinicError(
            f"the instances run {wish}, but the stack could not be told, and the next one to start "
            f"would run what was there before: mend it, then run the same command again.\n{failed}",
            exit_code=3,
        ) from failed
