"""A small Lambda function that a layer needs: its code lies in the template itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import awacs.logs
import awacs.sns
from troposphere import Template, awslambda, iam, logs

from generator.layer import Values
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.secrets import may_use_key
from generator.layers.shared import LOG_RETENTION_DAYS, allow, policy, tags
from generator.layers.shared.roles import role
from generator.shipped import text


def inline_function(
    template: Template,
    values: Values,
    title: str,
    file: str,
    statements: Sequence[Any],
    *,
    code: Mapping[str, str] = MappingProxyType({}),
    services: Sequence[str] = (),
    asynchronous: bool = False,
    **properties: Any,
) -> awslambda.Function:
    """A Lambda function whose code is a file of generator/functions, with role and log group.

    ``statements`` are what it may do besides writing its log, ``services`` those through which it
    uses the customer's key; ``code`` is put in the place of words of the file. ``properties`` go
    to the function; ``KmsKeyArn`` among them, which is required, to the log group as well, and
    ``Condition`` to all.

    An ``asynchronous`` call, as CloudFormation's, that failed three times goes to the alarm topic.
    By then the address in it that CloudFormation waits at is of no use any more. Secrets Manager
    calls synchronously (Lambda developer guide, with-secrets-manager), and so do our commands.
    """
    condition = {name: properties[name] for name in ("Condition",) if name in properties}
    source = text("generator.functions", file)
    for word, instead in code.items():
        source = source.replace(word, instead)
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
    runs_as = role(template, values, f"{title}Role", "lambda", **condition)
    write_log = allow(
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents], [log_group.get_att("Arn")]
    )
    may = iam.ManagedPolicy(
        f"{title}Policy",
        PolicyDocument=policy(
            *statements,
            write_log,
            *_beside(template, values, services, asynchronous),
        ),
        Roles=[runs_as.ref()],
        **condition,
    )
    return template.add_resource(
        awslambda.Function(
            f"{title}Function",
            DependsOn=template.add_resource(may).title,
            Runtime="python3.13",
            Handler="index.handler",
            Code=awslambda.Code(ZipFile=source),
            Role=runs_as.get_att("Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            **(_dead_letters(values) if asynchronous else {}),
            Tags=tags(values, file.removesuffix(".py").replace("_", "-")),
            **properties,
        )
    )


def _beside(
    template: Template, values: Values, services: Sequence[str], asynchronous: bool
) -> list[Any]:
    """The rights to the customer's key, and to the alarm topic where failures go there."""
    through = [*services, *(["sns"] if asynchronous else [])]
    key = [may_use_key(template, values, *through)] if through else []
    topic = [allow([awacs.sns.Publish], [values[ALARM_TOPIC_ARN]])] if asynchronous else []
    return [*topic, *key]


def _dead_letters(values: Values) -> dict[str, Any]:
    return {"DeadLetterConfig": awslambda.DeadLetterConfig(TargetArn=values[ALARM_TOPIC_ARN])}
