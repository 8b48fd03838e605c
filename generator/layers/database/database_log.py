"""What the database writes into its log, and how long and under which key that is kept."""

from __future__ import annotations

from typing import Any

import awacs.logs
from troposphere import If, Join, Ref, Sub, Template, cloudformation, iam, rds

from generator.layer import Values
from generator.layers.secrets import key_id
from generator.layers.shared import LOG_RETENTION_DAYS, allow, flag, is_true, policy, tags
from generator.layers.shared.inline_function import inline_function

DATABASE_AUDIT = flag(
    "DatabaseAudit",
    "true: pgaudit logs each read and change of records with user and statement, without values. "
    "A change restarts the database.",
)

EXPORTED_LOGS = ["postgresql", "upgrade"]

# Terse: without DETAIL, which holds the values that a statement was sent with, and rows that broke
# a constraint. It can be had in each family, which of log_parameter_max_length no page says.
PARAMETERS = {
    "rds.force_ssl": "1",
    "log_min_duration_statement": "1000",
    "log_error_verbosity": "terse",
}
# A list of libraries takes the place of RDS's own, in which Performance Insights needs the second.
# No CREATE EXTENSION: that only adds the names of objects to DDL, whose statements have them.
AUDIT_PARAMETERS = {
    "shared_preload_libraries": "pgaudit,pg_stat_statements",
    "pgaudit.log": "read,write,ddl,role",
    "pgaudit.log_catalog": "0",
    "pgaudit.log_parameter": "0",
}


def parameter_group(template: Template, values: Values, family: Any) -> If:
    """The name of the group with what is logged.

    Two groups, since a library is loaded at a start only. CloudFormation restarts a database that
    gets another group (UpdateHandler.java, shouldReboot, in the repository
    aws-cloudformation/aws-cloudformation-resource-providers-rds on GitHub); after a change inside
    one group somebody would have to.
    """
    audited = is_true(template, values, DATABASE_AUDIT)
    plain = rds.DBParameterGroup(
        "DatabaseParameters",
        Description="TLS is forced; slow statements are logged",
        Family=family,
        Parameters=PARAMETERS,
        Tags=tags(values, "database"),
    )
    audit = rds.DBParameterGroup(
        "DatabaseAuditParameters",
        Condition=audited,
        Description="The same, and each statement is logged",
        Family=family,
        Parameters=PARAMETERS | AUDIT_PARAMETERS,
        Tags=tags(values, "database-audit"),
    )
    for group in (plain, audit):
        template.add_resource(group)
    return If(audited, audit.ref(), plain.ref())


def add_log_keeping(template: Template, values: Values, database: rds.DBInstance) -> None:
    """Add the function that gives RDS's log groups LogRetentionDays and the customer's key.

    Their names hold the database's generated identifier. A fixed one would replace every database
    that there is, and a log group of the template's would find RDS's own in its place
    (cloudformation-coverage-roadmap#190).
    """
    groups = Sub(
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/rds/instance/"
    )
    function = inline_function(
        template,
        values,
        "DatabaseLogs",
        "keep_database_logs.py",
        [],
        asynchronous=True,
        KmsKeyArn=key_id(template, values),
        Timeout=150,  # it waits until its rights are known everywhere
    )
    # A policy of its own, so that the function is made while the database is.
    keep = allow(
        [
            awacs.logs.CreateLogGroup,
            awacs.logs.PutRetentionPolicy,
            awacs.logs.AssociateKmsKey,
            awacs.logs.DisassociateKmsKey,
        ],
        [Join("", [groups, database.ref(), "/*"])],
    )
    may = iam.ManagedPolicy(
        "KeepDatabaseLogsPolicy", PolicyDocument=policy(keep), Roles=[Ref("DatabaseLogsRole")]
    )
    kept = cloudformation.CustomResource(
        "KeptDatabaseLogs",
        DependsOn=template.add_resource(may).title,
        ServiceToken=function.get_att("Arn"),
        ServiceTimeout=180,
    )
    kept.Database = database.ref()
    kept.Logs = EXPORTED_LOGS
    kept.Days = values[LOG_RETENTION_DAYS]
    kept.Key = key_id(template, values)
    template.add_resource(kept)
