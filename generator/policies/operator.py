"""Who looks after what runs: ``clinic doctor``, and ``clinic stress``.

The doctor only reads. The stress test runs a shell script as root on the instances of our stacks,
so whoever may do that can read there what the backend may read, the ``.env`` included: as much as
the releaser, and no more. IAM cannot narrow the end of a command to our instances; it reaches no
further than the caller's account, and what it ends somebody can send again.
"""

from __future__ import annotations

from typing import Any

from generator.policies.grants import LOG_GROUPS, OF_OUR_STACKS, STACKS, allow, document

INSTANCES = "arn:aws:ec2:*:*:instance/*"
SHELL = "arn:aws:ssm:*::document/AWS-RunShellScript"


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    read = allow(
        "Read",
        [
            "autoscaling:Describe*",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:GetMetricData",
            "elasticloadbalancing:Describe*",
            "ssm:GetCommandInvocation",
        ],
    )
    stacks = ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"]
    return {
        "operator": document(
            read,
            allow("Stacks", stacks, [STACKS]),
            allow("ReadLogs", ["logs:GetLogEvents"], [LOG_GROUPS]),
            allow("ReadConsole", ["ec2:GetConsoleOutput"], [INSTANCES], OF_OUR_STACKS),
            allow("Shell", ["ssm:SendCommand"], [SHELL]),
            allow("OnOurInstances", ["ssm:SendCommand"], [INSTANCES], OF_OUR_STACKS),
            allow("EndIt", ["ssm:CancelCommand"]),
        )
    }
