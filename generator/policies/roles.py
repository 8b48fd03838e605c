"""``output/roles.json``: the boundary, the policies and roles for one environment in one region.

A stack of its own, made by whoever administers the account, once, before the environment. Its name
must not begin with ``clinic-``, or the environment's deployer could change it.

People take a role on by AssumeRole from a principal of the account; GitHub's workflows by OpenID
Connect, from one repository and one of its environments (GitHub's documentation, "Configuring
OpenID Connect in Amazon Web Services": the claim ``sub`` is ``repo:OWNER/NAME:environment:NAME``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import (
    AWSHelperFn,
    Condition,
    Equals,
    GetAtt,
    If,
    Not,
    NoValue,
    Output,
    Parameter,
    Ref,
    Sub,
    Template,
    iam,
)

from generator.policies.narrow import PolicyScope, narrowed

HERE = PolicyScope("${StackName}", "${EnvironmentName}", "${AWS::Region}", "${AWS::AccountId}")
ISSUER = "token.actions.githubusercontent.com"
REPOSITORY = r"[A-Za-z0-9-]+/[\w.-]+"

ROLES: Mapping[str, tuple[str, ...]] = {
    "Deployer": (
        *("deployer-data", "deployer-backend", "deployer-edge"),
        *("deployer-network", "deployer-identity", "deployer-helper"),
    ),
    "Releaser": ("releaser",),
    "Publisher": ("publisher",),
    "Observer": ("observer",),
    "Operator": ("observer", "operator"),
    "Revealer": ("revealer",),
}
"""Policies by role. Stack sets reach other accounts, so nobody gets theirs by default."""
FROM_GITHUB: Mapping[str, str] = {
    "Releaser": "BackendRepository",
    "Publisher": "FrontendRepository",
}
"""Roles that a workflow takes on, by the parameter that names its repository."""


def template(documents: Mapping[str, Mapping[str, Any]]) -> Template:
    """The template for the general ``documents`` by file stem."""
    made = Template(
        Description="Boundary, policies and roles for one environment of clinic-stack in one region"
    )
    for parameter in _parameters():
        made.add_parameter(parameter)
    _conditions(made)
    made.add_resource(_provider())
    made.add_resource(_policy("boundary", documents["boundary"], f"boundary-{HERE.stack}"))
    for stem in dict.fromkeys(stem for stems in ROLES.values() for stem in stems):
        made.add_resource(_policy(stem, documents[stem]))
    for title, stems in ROLES.items():
        role = made.add_resource(_role(title, stems))
        made.add_output(Output(f"{title}RoleArn", Value=GetAtt(role, "Arn")))
    made.add_output(Output("BoundaryName", Value=Sub(f"boundary-{HERE.stack}-{HERE.region}")))
    return made


def _parameters() -> list[Parameter]:
    empty = {"Type": "String", "Default": ""}
    repository = {
        **empty,
        "AllowedPattern": f"^({REPOSITORY})?$",
        "ConstraintDescription": "OWNER/NAME, or nothing.",
    }
    return [
        Parameter(
            "EnvironmentName",
            Type="String",
            Description="EnvironmentName in the environment's parameter file; also the name of the "
            "environment in GitHub's settings.",
            AllowedPattern="^[a-z][a-z0-9-]{1,18}[a-z0-9]$",
            ConstraintDescription="3 to 20 lower-case letters, digits and hyphens.",
        ),
        Parameter(
            "StackName",
            Type="String",
            Description="Name of the environment's stack: clinic- and the parameter file's name.",
            AllowedPattern="^clinic-[a-z0-9-]{0,18}[a-z0-9]$",
            ConstraintDescription="clinic- and up to 19 lower-case letters, digits and hyphens.",
        ),
        Parameter(
            "TrustedPrincipal",
            Type="String",
            Description="ARN of the role or user of this account whose people take the roles on. "
            "root instead of it: whomever the account's own policies let.",
            Default="root",
            AllowedPattern=r"^(root|arn:aws:iam::\d{12}:(role|user)/[\w+=,.@/-]+)$",
            ConstraintDescription="root, or the ARN of a role or a user.",
        ),
        Parameter(
            "BackendRepository",
            Description="OWNER/NAME on GitHub whose workflow releases. Empty: none.",
            **repository,
        ),
        Parameter(
            "FrontendRepository",
            Description="OWNER/NAME on GitHub whose workflow publishes. Empty: none.",
            **repository,
        ),
        Parameter(
            "GitHubProviderArn",
            Description="ARN of the account's OpenID Connect provider for GitHub, of which there "
            "is one at most. Empty: it is made here.",
            AllowedPattern=rf"^(arn:aws:iam::\d{{12}}:oidc-provider/{ISSUER})?$",
            ConstraintDescription="The ARN of the provider, or nothing.",
            **empty,
        ),
    ]


def _conditions(made: Template) -> None:
    made.add_condition("TrustsRoot", Equals(Ref("TrustedPrincipal"), "root"))
    for name in FROM_GITHUB.values():
        made.add_condition(f"{name}IsGiven", Not(Equals(Ref(name), "")))
    made.add_condition("ProviderIsGiven", Not(Equals(Ref("GitHubProviderArn"), "")))
    conditions = [Condition(f"{name}IsGiven") for name in FROM_GITHUB.values()]
    made.add_condition(
        "MakesProvider", {"Fn::And": [Not(Condition("ProviderIsGiven")), {"Fn::Or": conditions}]}
    )


def _provider() -> iam.OIDCProvider:
    """AWS knows GitHub's certificate authority, so no thumbprint is needed (IAM user guide).

    It stays when the stack goes: other environments' roles may trust it.
    """
    return iam.OIDCProvider(
        "GitHubProvider",
        Condition="MakesProvider",
        Url=f"https://{ISSUER}",
        ClientIdList=["sts.amazonaws.com"],
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )


def _policy(stem: str, document: Mapping[str, Any], name: str = "") -> iam.ManagedPolicy:
    title = "".join(part.capitalize() for part in stem.split("-"))
    named = {"ManagedPolicyName": Sub(f"{name}-{HERE.region}")} if name else {}
    return iam.ManagedPolicy(
        f"{title}Policy", PolicyDocument=_referring(narrowed(document, HERE)), **named
    )


def _referring(node: Any) -> Any:
    """A document whose texts refer to the template; IAM's own variables stay what they are."""
    if isinstance(node, dict):
        return {key: _referring(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_referring(value) for value in node]
    if not isinstance(node, str):
        return node
    text = node.replace("${aws:", "${!aws:")
    own = any(reference in text for reference in HERE)
    return Sub(text) if own else node


def _role(title: str, stems: tuple[str, ...]) -> iam.Role:
    arn = Sub("arn:aws:iam::${AWS::AccountId}:root")
    people = _trust({"AWS": If("TrustsRoot", arn, Ref("TrustedPrincipal"))}, "sts:AssumeRole")
    statements: list[Any] = [people]
    if parameter := FROM_GITHUB.get(title):
        statements.append(If(f"{parameter}IsGiven", _from_github(parameter), NoValue))
    policies = ["".join(part.capitalize() for part in stem.split("-")) for stem in stems]
    return iam.Role(
        f"{title}Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": statements},
        ManagedPolicyArns=[Ref(f"{policy}Policy") for policy in policies],
        MaxSessionDuration=7200 if title == "Deployer" else 3600,
    )


def _from_github(parameter: str) -> dict[str, Any]:
    provider: AWSHelperFn = If("MakesProvider", Ref("GitHubProvider"), Ref("GitHubProviderArn"))
    subject = Sub(f"repo:${{{parameter}}}:environment:${{EnvironmentName}}")
    claims = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}
    return {
        **_trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity"),
        "Condition": {"StringEquals": claims},
    }


def _trust(principal: Mapping[str, Any], action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action}
