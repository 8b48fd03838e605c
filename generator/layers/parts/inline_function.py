"""A small Lambda function that a layer needs: its code lies in the template itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import awacs.logs
import awacs.sns
from troposphere import Template, awslambda, iam, logs

from generator.layer import Values
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.secrets import may_use_key
from generator.layers.shared import LOG_RETENTION_DAYS, allow, assumed_by, policy, tags
from generator.shipped import text


def inline_function(
    template: Template,
    values: Values,
    title: str,
    file: str,
    statements: Sequence[Any],
    services: Sequence[str] = (),
    **properties: Any,
) -> awslambda.Function:
    """A Lambda function whose code is a file of generator/functions, with role and log group.

    ``statements`` are what it may do besides writing its log, ``services`` those through which it
    uses the customer's key. ``properties`` go to the function; ``Condition`` and ``KmsKeyArn``
    among them, both required, to the log group as well.

    An asynchronous call, as CloudFormation's, that failed three times goes to the alarm topic. By
    then, three minutes later, the address in it that CloudFormation waits at is of no use any more.
    Secrets Manager calls synchronously (Lambda developer guide, with-secrets-manager).
    """
    condition = {"Condition": properties["Condition"]}
    log_group = template.add_resource(
        logs.LogGroup(
            f"{title}LogGroup",
            RetentionInDays=values[LOG_RETENTION_DAYS],
            KmsKeyId=properties["KmsKeyArn"],
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            **condition,
        )
    )
    trust = assumed_by("lambda.amazonaws.com")
    role = template.add_resource(
        iam.Role(f"{title}Role", AssumeRolePolicyDocument=trust, **condition)
    )
    write_log = allow(
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents], [log_group.get_att("Arn")]
    )
    may = iam.ManagedPolicy(
        f"{title}Policy",
        PolicyDocument=policy(
            *statements,
            write_log,
            allow([awacs.sns.Publish], [values[ALARM_TOPIC_ARN]]),
            may_use_key(template, values, *services, "sns"),
        ),
        Roles=[role.ref()],
        **condition,
    )
    return template.add_resource(
        awslambda.Function(
            f"{title}Function",
            DependsOn=template.add_resource(may).title,
            Runtime="python3.13",
            Handler="index.handler",
            Code=awslambda.Code(ZipFile=text("generator.functions", file)),
            Role=role.get_att("Arn"),
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=values[ALARM_TOPIC_ARN]),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            Tags=tags(values, file.removesuffix(".py").replace("_", "-")),
            **properties,
        )
    )
