"""Updates the stack's parameters to what its instances already run, so that no later deployment
reverts it.

CloudFormation makes one more version of the launch template, equal to the one that was rolled out,
and points the group at it. RollingUpdate=false keeps it from replacing every instance once more.
"""

from __future__ import annotations

from dataclasses import asdict

from generator.application.release.fleet import BackendFleet
from generator.application.release.revision import Revision
from generator.cloud import change_set
from generator.cloud.deploy import DeployOptions, conclude
from generator.cloud.environment import Environment
from generator.cloud.follow import EventFeed
from generator.cloud.stacks import Stack, newest
from generator.errors import ClinicError
from generator.functions.release_backend import change_set_name


def update_stack(
    fleet: BackendFleet, env: Environment, stack: Stack, runs: Revision, options: DeployOptions
) -> None:
    """Update the stack's parameters, its template unchanged, and wait for the end.

    ClinicError (3) if the update fails: the instances run the revision all the same.
    """
    aws, arguments = fleet.aws, asdict(runs)
    changes = change_set.ready(
        aws,
        {"StackName": stack.name, "ChangeSetName": change_set_name(**arguments)},
        lambda: fleet.invoke("make_change_set", **arguments),
    )
    if changes is None:
        return
    last = newest(aws, changes.stack)
    change_set.execute(aws, changes, lambda: fleet.invoke("execute_change_set", **arguments))
    try:
        conclude(aws, env, EventFeed(aws, changes.stack, last.time, last.id), options)
    except ClinicError as failed:
        if failed.exit_code not in (1, 3):
            raise
        raise ClinicError(
            f"the instances run {runs}, but the stack could not be told, and the next one to start "
            f"would run what was there before: mend it, then run the same command again.\n{failed}",
            exit_code=3,
        ) from failed
