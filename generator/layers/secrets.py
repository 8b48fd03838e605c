"""The secrets and the customer's key, in a layer before all that use them.

The values are made by Secrets Manager; no template, parameter or output ever holds one.
"""

from __future__ import annotations

import json
from typing import Any

import awacs.aws as aws
import awacs.kms
from troposphere import (
    If,
    Join,
    NoValue,
    Ref,
    Sub,
    Template,
    kms,
    secretsmanager,
)

from generator.layer import Layer, Name, Provided, Values
from generator.layers.shared import (
    ENVIRONMENT_NAME,
    allow,
    flag,
    is_true,
    named,
    policy,
    tags,
)
from generator.layers.shared.origin_header import (
    ORIGIN_HEADER,
    ORIGIN_SECRETS,
    ORIGIN_VERIFY_SECOND_SECRET_ARN,
    ORIGIN_VERIFY_SECRET_ARN,
    origin_header,
)

CUSTOMER_KEY = flag(
    "CustomerKey",
    "true: a KMS key of your own, rotated every year, encrypts database, secrets, documents, "
    "configuration, logs and alarms (about 1 USD a month). Choose before the first deployment: "
    "a later change replaces database and image registry.",
)
DATABASE_USER = Name(
    "DatabaseUser",
    Type="String",
    Default="clinic_owner",
    Description="The database's master user. Cannot be changed later without a new database.",
    AllowedPattern="^(?!(postgres|admin|user)$|rds|pg_)[a-z][a-z0-9_]{2,40}$",
    ConstraintDescription="3 to 41 lower-case letters, digits and underscores, starting with a "
    "letter; not postgres, admin or user, and without rds or pg_ in front.",
)
CUSTOMER_KEY_ARN = Name(
    "CustomerKeyArn", Type="String", Description="The customer's KMS key, or none."
)
DATABASE_SECRET_ARN = Name(
    "DatabaseSecretArn",
    Type="String",
    Description="Secret with the database's user, password and, once it runs, host and port.",
)
# Besides what RDS refuses (/ " @ space): what breaks an env file, a shell or a URL.
EXCLUDED_CHARACTERS = "/\"@ '\\$`#%&+=:;?!{}[]()<>|*^~,"


def customer_key(template: Template, values: Values) -> tuple[str, Any]:
    """The condition that the customer's key is used, and its ARN."""
    return is_true(template, values, CUSTOMER_KEY), values[CUSTOMER_KEY_ARN]


def key_id(template: Template, values: Values) -> If:
    """The customer's key, or no property and with it AWS's own key."""
    condition, arn = customer_key(template, values)
    return If(condition, arn, NoValue)


def may_use_key(template: Template, values: Values, *services: str) -> If:
    """The statement that lets its holder use the customer's key, through these services only."""
    condition, arn = customer_key(template, values)
    through = [Sub(f"{service}.${{AWS::Region}}.amazonaws.com") for service in services]
    statement = allow(
        [awacs.kms.Decrypt, awacs.kms.GenerateDataKey],
        [arn],
        Sid="UseCustomerKey",
        Condition=aws.Condition(aws.StringEquals({"kms:ViaService": through})),
    )
    return If(condition, statement, NoValue)


def secret_value(arn: Any, key: str) -> Join:
    """A dynamic reference: CloudFormation reads the value as it deploys, shows it nowhere."""
    return Join("", ["{{resolve:secretsmanager:", arn, f":SecretString:{key}}}}}"])


def build(template: Template, values: Values) -> Values:
    has_key = is_true(template, values, CUSTOMER_KEY)
    key = template.add_resource(
        kms.Key(
            "CustomerKeyResource",
            Condition=has_key,
            Description=named(values, "customer-key"),
            EnableKeyRotation=True,
            KeyPolicy=_key_policy(),
            PendingWindowInDays=30,
            Tags=tags(values, "customer-key"),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    key_arn = key.get_att("Arn")
    database = template.add_resource(
        _secret(
            "DatabaseSecret",
            values,
            "database",
            {"username": values[DATABASE_USER]},
            "password",
            KmsKeyId=If(has_key, key_arn, NoValue),
        )
    )
    # Always there and always sent: a balancer that begins to ask for it, or that sends everybody
    # else to HTTPS, knows CloudFront at once, minutes before a new distribution is everywhere.
    used = origin_header(template, values)
    first, second = (
        template.add_resource(
            _secret(
                title,
                values,
                "origin-verify",
                {"header": "X-Origin-Verify"},
                "value",
                Condition=condition,
                KmsKeyId=If(has_key, key_arn, NoValue),
            )
        )
        for title, condition in zip(ORIGIN_SECRETS, used, strict=True)
    )
    return {
        CUSTOMER_KEY_ARN: Provided(has_key, key_arn),
        DATABASE_SECRET_ARN: database.ref(),
        ORIGIN_VERIFY_SECRET_ARN: Provided(used[0], first.ref()),
        ORIGIN_VERIFY_SECOND_SECRET_ARN: Provided(used[1], second.ref()),
    }


def _secret(
    title: str,
    values: Values,
    suffix: str,
    known: dict[str, Any],
    generated: str,
    **properties: Any,
) -> secretsmanager.Secret:
    placeholders = {key: f"${{{key}}}" for key in known}
    return secretsmanager.Secret(
        title,
        Description=named(values, suffix),
        GenerateSecretString=secretsmanager.GenerateSecretString(
            SecretStringTemplate=Sub(json.dumps(placeholders), **known),
            GenerateStringKey=generated,
            PasswordLength=32,
            ExcludeCharacters=EXCLUDED_CHARACTERS,
        ),
        Tags=tags(values, suffix),
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Retain",
        **properties,
    )


def _key_policy() -> dict[str, Any]:
    account = aws.Principal("AWS", [Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")])
    use = [
        awacs.kms.Encrypt,
        awacs.kms.Decrypt,
        awacs.kms.ReEncryptFrom,
        awacs.kms.ReEncryptTo,
        awacs.kms.GenerateDataKey,
        awacs.kms.GenerateDataKeyWithoutPlaintext,
        awacs.kms.DescribeKey,
    ]
    own_account = aws.StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})
    own_logs = aws.ArnLike(
        {
            "kms:EncryptionContext:aws:logs:arn": Sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
            )
        }
    )
    # A service may make one for itself as well as for somebody's resource.
    neither = {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    return policy(
        allow([aws.Action("kms", "*")], ["*"], Sid="AccountDecides", Principal=account),
        allow(
            use,
            ["*"],
            Sid="LogGroups",
            Principal=aws.Principal("Service", [Sub("logs.${AWS::Region}.amazonaws.com")]),
            Condition=aws.Condition(own_logs),
        ),
        allow(
            [awacs.kms.Decrypt, awacs.kms.GenerateDataKey],
            ["*"],
            Sid="AlarmsAndDatabaseEvents",
            Principal=aws.Principal(
                "Service", ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]
            ),
            Condition=aws.Condition(own_account),
        ),
        # No condition: aws:SourceAccount and aws:SourceArn are "not supported for
        # EventBridge-to-encrypted topics" (SNS developer guide, sns-key-management), and what
        # EventBridge cannot encrypt it drops in silence.
        allow(
            [awacs.kms.Decrypt, awacs.kms.GenerateDataKey],
            ["*"],
            Sid="EventRules",
            Principal=aws.Principal("Service", "events.amazonaws.com"),
        ),
        # CloudFront's log; of conditions AWS says nothing (CloudFront developer guide,
        # standard-logging-legacy-s3, "Required key policy for SSE-KMS buckets").
        allow(
            [awacs.kms.GenerateDataKey],
            ["*"],
            Sid="CdnLog",
            Principal=aws.Principal("Service", "delivery.logs.amazonaws.com"),
        ),
        aws.Statement(
            Sid="GrantsOnlyForAwsServices",
            Effect=aws.Deny,
            Principal=aws.Principal("AWS", "*"),
            Action=[awacs.kms.CreateGrant],
            Resource=["*"],
            Condition=aws.Condition(aws.BoolIfExists(neither)),
        ),
    )


SECRETS = Layer(
    "Secrets",
    build,
    owns=(
        "database credentials, the origin header's value, the customer's KMS key",
        "credenciales de la base de datos, valor del encabezado de origen, clave de KMS propia",
    ),
    needs=(ENVIRONMENT_NAME, CUSTOMER_KEY, DATABASE_USER, ORIGIN_HEADER),
    offers=(
        CUSTOMER_KEY_ARN,
        DATABASE_SECRET_ARN,
        ORIGIN_VERIFY_SECRET_ARN,
        ORIGIN_VERIFY_SECOND_SECRET_ARN,
    ),
)
