"""The stack told what its instances already run, so that no later deployment undoes it.

CloudFormation makes one more version of the launch template, equal to the one that was rolled out,
and points the group at it. RollingUpdate=false keeps it from replacing every instance once more.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from generator.application.release.wish import Wish
from generator.cloud import change_set
from generator.cloud.aws import Aws
from generator.cloud.deploy import Wishes, conclude
from generator.cloud.environment import CAPABILITIES, Environment
from generator.cloud.follow import Feed
from generator.cloud.stacks import Stack, newest
from generator.errors import ClinicError

ROLLING = "RollingUpdate"


def take_over(aws: Aws, env: Environment, stack: Stack, wish: Wish, wishes: Wishes) -> None:
    """Update the stack's parameters, its template unchanged, and see it through.

    ClinicError (3) if the stack could not be told: the instances run ``wish`` all the same.
    """
    changes = change_set.ready(aws, _request(env, stack, wish))
    if changes is None:
        return
    last = newest(aws, changes.stack)
    change_set.execute(aws, changes)
    try:
        conclude(aws, env, Feed(aws, changes.stack, last.time, last.id), wishes)
    except ClinicError as failed:
        if failed.exit_code not in (1, 3):
            raise
        raise ClinicError(
            f"the instances run {wish}, but the stack could not be told, and the next one to start "
            f"would run what was there before: mend it, then run the same command again.\n{failed}",
            exit_code=3,
        ) from failed


def _request(env: Environment, stack: Stack, wish: Wish) -> dict[str, Any]:
    # Tags that are not named stay as they are; naming them would take a right of its own.
    changed = {**wish.parameters, ROLLING: "false"}
    purpose = hashlib.sha256(json.dumps(sorted(changed.items())).encode()).hexdigest()
    return {
        "StackName": stack.name,
        "ChangeSetName": f"{change_set.PREFIX}{purpose[:32]}",
        "ChangeSetType": "UPDATE",
        "UsePreviousTemplate": True,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": changed[name]}
            if name in changed
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in stack.parameters
        ],
        "Capabilities": CAPABILITIES,
        "IncludeNestedStacks": env.nested,
    }
