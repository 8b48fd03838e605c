"""Who looks after what runs: ``clinic doctor``, ``logs`` and ``smoke``. It changes nothing.

What it reads are settings, and logs of boot and container: whatever the application writes into
its log is read with it. Where it says ``*``, AWS knows no narrower resource.
"""

from __future__ import annotations

from typing import Any

from generator.policies.grants import (
    ALARMS,
    INSTANCES,
    LOG_GROUPS,
    OF_OUR_STACKS,
    STACKS,
    allow,
    document,
)


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    stacks = ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"]
    reads = [
        "autoscaling:Describe*",
        "cloudwatch:GetMetricData",
        "elasticloadbalancing:Describe*",
    ]
    logs = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"]
    return {
        "observer": document(
            allow("Read", reads),
            allow("Alarms", ["cloudwatch:DescribeAlarms"], ALARMS),
            allow("Stacks", stacks, [STACKS]),
            allow("ReadLogs", logs, [LOG_GROUPS]),
            allow("ReadConsole", ["ec2:GetConsoleOutput"], [INSTANCES], OF_OUR_STACKS),
        )
    }
