"""Who acts on what runs, beside ``observer``: ``clinic stress``, and a shell on an instance.

Both are root on the instances of our stacks, with their role: whoever may do that reads there what
an instance may read, the ``.env`` and the database's master password included.

IAM cannot narrow the end of a command or its output to our instances (AWS knows no resource for
CancelCommand and GetCommandInvocation): they reach all commands of the caller's account.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import INSTANCES, OF_OUR_STACKS, allow, document

SCRIPT = "arn:aws:ssm:*::document/AWS-RunShellScript"
SHELL = "arn:aws:ssm:*:*:document/SSM-SessionManagerRunShell"
OWN_SESSION = "arn:aws:ssm:*:*:session/${aws:userid}-*"
NO_OTHER_DOCUMENT = aws.BoolIfExists({"ssm:SessionDocumentAccessCheck": "true"})
"""So that the right to the session's document is asked for as well; ports are not forwarded."""


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {
        "operator": document(
            allow("Script", ["ssm:SendCommand"], [SCRIPT]),
            allow("OnOurInstances", ["ssm:SendCommand"], [INSTANCES], OF_OUR_STACKS),
            allow("EndIt", ["ssm:CancelCommand", "ssm:GetCommandInvocation"]),
            allow("Shell", ["ssm:GetDocument", "ssm:StartSession"], [SHELL]),
            allow(
                "OpenOne",
                ["ssm:StartSession"],
                [INSTANCES],
                OF_OUR_STACKS,
                NO_OTHER_DOCUMENT,
            ),
            allow("OwnSession", ["ssm:ResumeSession", "ssm:TerminateSession"], [OWN_SESSION]),
        )
    }
