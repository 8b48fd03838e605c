"""A new database password every so many days, without a way through the network."""

from __future__ import annotations

from typing import Any

import awacs.rds
import awacs.secretsmanager
from troposphere import (
    Equals,
    Not,
    Ref,
    Template,
    awslambda,
    rds,
    secretsmanager,
)

from generator.layer import Name, Values
from generator.layers.secrets import DATABASE_SECRET_ARN, key_id
from generator.layers.shared import allow
from generator.layers.shared.alarms import ROTATION, add_alarms
from generator.layers.shared.inline_function import inline_function

PASSWORD_ROTATION_DAYS = Name(
    "PasswordRotationDays",
    Type="Number",
    Default=0,
    MinValue=0,
    MaxValue=365,
    Description="A new database password every so many days; 0: never. Backends take it by "
    "themselves within two minutes.",
)


def add_rotation(
    template: Template,
    values: Values,
    database: rds.DBInstance,
    database_arn: Any,
    attachment: secretsmanager.SecretTargetAttachment,
) -> None:
    """Add the function and its schedule, all under PasswordRotationDays; not before
    ``attachment``, since the function reads what that writes."""
    rotates = template.add_condition(
        "PasswordRotates", Not(Equals(values[PASSWORD_ROTATION_DAYS], "0"))
    )
    function = inline_function(
        template,
        values,
        "Rotation",
        "rotate_password.py",
        _may_rotate(values, database_arn),
        services=["secretsmanager"],
        Condition=rotates,
        KmsKeyArn=key_id(template, values),
        Timeout=600,
        Environment=awslambda.Environment(Variables={"DATABASE": database.ref()}),
    )
    permission = template.add_resource(
        awslambda.Permission(
            "RotationPermission",
            Condition=rotates,
            FunctionName=function.ref(),
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            # The secret is there before function and schedule, so nothing waits in a circle.
            SourceArn=values[DATABASE_SECRET_ARN],
            SourceAccount=Ref("AWS::AccountId"),
        )
    )
    # Secrets Manager's own event of a failed rotation needs a CloudTrail trail in the account.
    add_alarms(template, values, ROTATION, {"FunctionName": function.ref()}, Condition=rotates)
    every = secretsmanager.RotationRules(AutomaticallyAfterDays=values[PASSWORD_ROTATION_DAYS])
    template.add_resource(
        secretsmanager.RotationSchedule(
            "RotationSchedule",
            Condition=rotates,
            DependsOn=[permission.title, attachment.title],
            SecretId=values[DATABASE_SECRET_ARN],
            RotationLambdaARN=function.get_att("Arn"),
            RotateImmediatelyOnUpdate=False,
            RotationRules=every,
        )
    )


def _may_rotate(values: Values, database_arn: Any) -> list[Any]:
    return [
        allow(
            [
                awacs.secretsmanager.DescribeSecret,
                awacs.secretsmanager.GetSecretValue,
                awacs.secretsmanager.PutSecretValue,
                awacs.secretsmanager.UpdateSecretVersionStage,
            ],
            [values[DATABASE_SECRET_ARN]],
        ),
        allow([awacs.secretsmanager.GetRandomPassword], ["*"]),
        allow([awacs.rds.ModifyDBInstance, awacs.rds.DescribeDBInstances], [database_arn]),
    ]
