"""What a live stack can change works, and what it cannot is refused before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from generator.checks.changes import compare, refusals
from generator.checks.changes.compare import Change, Side
from generator.checks.changes.forecast import order
from generator.checks.changes.refusals import Refusal
from generator.checks.changes.stateful import losing
from generator.errors import ClinicError
from generator.model.resolve import pseudo_parameters
from tests.conftest import Ended
from tests.resolved import CERTIFICATE, IMAGE, documents

LIST = {"CloudFrontPrefixListId": "pl-3b927c52"}
PUBLIC, CDN, PRIVATE = (
    {"AlbExposure": exposure, **LIST} for exposure in ("public", "cloudfront", "private")
)
TLS = {"AlbDomainName": "origin.clinic.example", "AlbCertificateArn": CERTIFICATE}
Values = Mapping[str, str]


def side(form: str, values: Values) -> Side:
    top = documents()["flat" if form == "flat" else "nested/root"]
    declared = {k: str(v.get("Default", "")) for k, v in top["Parameters"].items()}
    layers = {k.removeprefix("nested/"): v for k, v in documents().items() if k != "flat"}
    children = {f"{name.capitalize()}Stack": t for name, t in layers.items() if name != "root"}
    around = pseudo_parameters(stack="clinic-seed") | {"TemplateBaseUrl": "https://t.example"}
    given = {**declared, **around, **values}
    return Side(top, given, children if form == "nested" else {})


class Update:
    """What an update of a deployed stack to other parameters does."""

    def __init__(self, form: str, old: Values, new: Values) -> None:
        before, after = side(form, old), side(form, {**old, **new})
        self.changes = compare.forecast(before, after)
        self.before, self.after = compare.resources(before), compare.resources(after)
        self.findings = refusals.findings(self.changes, self.before, self.after)

    @property
    def refused(self) -> list[Refusal]:
        return [finding for finding in self.findings if finding.row.refused]

    def change(self, logical: str) -> Change | None:
        return next((change for change in self.changes if change.logical == logical), None)

    def place(self, logical: str, phase: str) -> int:
        """When it is first dealt with in a phase."""
        steps = order.steps(self.changes, self.before, self.after)
        return next(s.number for s in steps if (s.change.logical, s.phase) == (logical, phase))


@pytest.fixture(params=["flat", "nested"])
def update(request: pytest.FixtureRequest) -> Callable[..., Update]:
    return lambda old, new: Update(request.param, old, new)


REFUSED = [
    ({}, {"VpcCidr": "10.1.0.0/16"}, "VpcCidr"),
    ({"Zones": "3"}, {"Zones": "2"}, "Zones"),
    (
        {"ZoneNames": "us-east-1a,us-east-1b"},
        {"ZoneNames": "us-east-1a,us-east-1c"},
        "InvalidSubnet.Conflict",
    ),
    ({"DatabaseVersion": "17"}, {"DatabaseVersion": "16"}, "version"),
    ({"DatabaseStorage": "100"}, {"DatabaseStorage": "50"}, "shrink"),
    (PUBLIC | {"DeletionProtection": "true"}, PRIVATE, "DeletionProtection"),
    (PUBLIC | TLS, PRIVATE, "AlbDomainName"),
    (PRIVATE | TLS, CDN, "AlbDomainName"),
    ({"BackupPlan": "true"}, {"CustomerKey": "true"}, "vault"),
    ({"RollingUpdate": "false"}, {"NatGateways": "none"}, "WarmPoolSize"),
    ({"BackendImage": IMAGE, "WarmPoolSize": "1"}, {"NatGateways": "none"}, "WarmPoolSize"),
]


@pytest.mark.parametrize(("old", "new", "word"), REFUSED)
def test_what_aws_would_refuse_is_refused_with_the_reason_and_what_to_do(
    update: Callable[..., Update], old: Values, new: Values, word: str
) -> None:
    trouble = refusals.refused(update(old, new).findings)
    assert isinstance(trouble, ClinicError)
    assert trouble.exit_code == 2
    assert word in str(trouble)


WORKS = [
    ({"DeletionProtection": "true"}, {"DatabaseUser": "another"}),
    *((one, other) for one in (PUBLIC, CDN, PRIVATE) for other in (PUBLIC, CDN, PRIVATE)),
    *((one, TLS) for one in (PUBLIC, CDN, PRIVATE)),
    *((one | TLS, dict.fromkeys(TLS, "")) for one in (PUBLIC, CDN, PRIVATE)),
    (PUBLIC | TLS, PRIVATE | dict.fromkeys(TLS, "")),
    (PRIVATE | TLS, {"EnvironmentName": "another"}),
    ({}, {"BackupPlan": "true"}),
    ({}, {"DatabaseAudit": "true"}),
    ({"DatabaseVersion": "15"}, {"DatabaseVersion": "17"}),
    ({"DatabaseStorage": "20"}, {"DatabaseStorage": "50"}),
    ({"Zones": "2"}, {"Zones": "3"}),
    ({"NatGateways": "none"}, {"NatGateways": "one"}),
    ({"NatGateways": "one"}, {"NatGateways": "none"}),
    (
        {"CustomerKey": "true", "BackupPlan": "true"},
        {"CustomerKey": "false", "BackupPlan": "false"},
    ),
]


@pytest.mark.parametrize(("old", "new"), WORKS)
def test_what_works_is_not_refused(update: Callable[..., Update], old: Values, new: Values) -> None:
    assert update(old, new).refused == []


@pytest.mark.parametrize("form", ["flat", "nested"])
def test_every_row_has_a_source_and_stops_or_remarks_on_something(form: str) -> None:
    met = set[str]()
    for old, new in [(old, new) for old, new, _ in REFUSED] + WORKS:
        met |= {finding.row.why for finding in Update(form, old, new).findings}
    ours_never = {
        "AWS::CloudFront::VpcOrigin",  # no parameter changes one; other templates may
        "AWS::EC2::SecurityGroupIngress",
    }
    for row in refusals.RULES:
        assert row.source
        assert row.instead
        moved = "503" in row.why  # only from an earlier form of the templates
        assert row.why in met or row.type in ours_never or moved, row.why


def test_a_vpc_origin_or_a_prefix_lists_rule_of_another_template_is_refused() -> None:
    def judged(kind: str, was: Any, will: Any) -> list[Refusal]:
        one, other = ({"R": {"Type": kind, "Properties": p}} for p in (was, will))
        found = compare.forecast(
            Side({"Resources": one}, {}, {}), Side({"Resources": other}, {}, {})
        )
        return refusals.findings(found, one, other)

    tag = [{"Key": "Name", "Value": "new"}]
    assert judged("AWS::CloudFront::VpcOrigin", {}, {"Tags": tag})
    rule = {"SourcePrefixListId": "pl-1", "FromPort": 80}
    assert judged("AWS::EC2::SecurityGroupIngress", rule, rule | {"FromPort": 443})
    assert not judged("AWS::EC2::SecurityGroupIngress", {"FromPort": 80}, {"FromPort": 81})


FLIPS = [
    (one, other)
    for one in (PUBLIC, CDN, PRIVATE)
    for other in (PUBLIC, CDN, PRIVATE)
    if (one is PRIVATE) != (other is PRIVATE)
]


@pytest.mark.parametrize(("old", "new"), FLIPS)
def test_another_balancer_serves_before_the_distribution_changes_and_the_old_one_goes_after(
    update: Callable[..., Update], old: Values, new: Values
) -> None:
    done = update(old, new)
    listener = done.place("HttpListener", "update")
    distribution = done.place("Distribution", "update")
    assert listener < distribution < done.place("LoadBalancer", "clean-up")
    assert distribution < done.place("HttpListener", "clean-up")
    # The instances are in both target groups all along: nothing is attached or taken away.
    group = done.change("BackendGroup")
    assert group is None or not any("TargetGroup" in d.name for d in group.details)
    assert done.change("TargetGroup") is done.change("InternalTargetGroup") is None


@pytest.mark.parametrize("names", [TLS, dict.fromkeys(TLS, "")])
def test_the_other_vpc_origin_is_made_before_and_the_old_one_goes_after_the_distribution(
    update: Callable[..., Update], names: Values
) -> None:
    old = PRIVATE if names is TLS else PRIVATE | TLS
    new, gone = (
        ("AlbHttpsOrigin", "AlbHttpOrigin") if names is TLS else ("AlbHttpOrigin", "AlbHttpsOrigin")
    )
    done = update(old, names)
    assert done.place(new, "update") < done.place("Distribution", "update")
    assert done.place("Distribution", "update") < done.place(gone, "clean-up")


def test_what_serves_cloudfront_by_http_goes_after_the_distribution_asks_by_https(
    update: Callable[..., Update],
) -> None:
    for exposure in (CDN, PRIVATE):
        done = update(exposure, TLS)
        distribution = done.place("Distribution", "update")
        # The distribution need not wait for the group's rule in flat (a DependsOn may not name what
        # a condition makes): it takes seconds, and the distribution takes minutes.
        flat_or_earlier = distribution if "Distribution" in done.after else distribution - 1
        assert done.place("AlbFromCdnByHttps", "update") <= flat_or_earlier
        assert done.place("OriginVerifyHttpsRule", "update") < distribution
        assert distribution < done.place("OriginVerifyRule", "clean-up")
        assert distribution < done.place("AlbFromCdn", "clean-up")


def test_a_balancer_that_begins_to_ask_for_the_header_gets_it_already(
    update: Callable[..., Update],
) -> None:
    for one, other in ((PUBLIC, CDN), (CDN, PUBLIC)):
        done = update(one, other)
        assert done.change("HttpListener")
        assert done.change("OriginVerifyRule") is None
        assert done.change("Distribution") is None


VALUES = ({"OriginHeader": "first"}, {"OriginHeader": "second"})
RULES = ("OriginVerifyRule", "OriginVerifyRuleSecond")
HTTPS_RULES = ("OriginVerifyHttpsRule", "OriginVerifyHttpsRuleSecond")
SECRETS = ("OriginVerifySecret", "OriginVerifySecretSecond")


@pytest.mark.parametrize("exposure", [PUBLIC, CDN, PRIVATE, CDN | TLS, PRIVATE | TLS])
@pytest.mark.parametrize("to", [0, 1])
def test_another_header_is_accepted_before_it_is_sent_and_the_former_until_it_is_not(
    update: Callable[..., Update], exposure: Values, to: int
) -> None:
    """CloudFormation calls a distribution updated when all edges have it, and cleans up after."""
    done = update({**exposure, **VALUES[1 - to]}, VALUES[to])
    rules = HTTPS_RULES if "AlbDomainName" in exposure else RULES
    distribution = done.place("Distribution", "update")
    assert done.place(SECRETS[to], "update") < done.place(rules[to], "update") < distribution
    for former in (rules[1 - to], SECRETS[1 - to]):
        assert distribution < done.place(former, "clean-up")
        # So a rollback finds them as they were.
        change = done.change(former)
        assert change is not None
        assert change.action == "Remove"
    assert done.change("HttpListener") is done.change("LoadBalancer") is None


@pytest.mark.parametrize("to", [0, 1])
def test_another_header_and_a_certificate_may_come_at_once(
    update: Callable[..., Update], to: int
) -> None:
    done = update(CDN | VALUES[1 - to], TLS | VALUES[to])
    distribution = done.place("Distribution", "update")
    assert done.place(HTTPS_RULES[to], "update") < distribution
    assert distribution < done.place(RULES[1 - to], "clean-up")


def test_another_header_costs_no_data_and_is_refused_by_nobody(
    update: Callable[..., Update],
) -> None:
    for one, other in (VALUES, VALUES[::-1]):
        done = update(CDN | one, other)
        assert losing(done.changes, ()) == []
        assert done.findings == []
        assert {c.logical for c in done.changes if c.action == "Modify"} == {"Distribution"}


def test_no_other_secret_is_excused_from_the_gate(
    update: Callable[..., Update],
) -> None:
    """Only what the stack alone knows may go unasked; the database's password is not such a one."""
    change = update(CDN, VALUES[1]).change("OriginVerifySecret")
    assert change is not None
    other = replace(change, path="SecretsStack/DatabaseSecret")
    assert losing([change, other], ()) == [other]


def test_a_higher_version_is_an_update_in_place_with_a_word_of_warning(
    update: Callable[..., Update],
) -> None:
    done = update({"DatabaseVersion": "16"}, {"DatabaseVersion": "17"})
    database, parameters = done.change("Database"), done.change("DatabaseParameters")
    assert database
    assert parameters
    assert (database.verb, parameters.verb) == ("updated in place", "replaced")
    assert losing(done.changes, ()) == []
    [warning] = done.findings
    assert not warning.row.refused
    assert "minutes" in warning.sentence
    path = next(p for p in done.after if p.rpartition("/")[2] == "Database")
    assert done.after[path]["Properties"]["AllowMajorVersionUpgrade"] is True


@pytest.mark.parametrize("audit", ["true", "false"])
def test_an_audit_switched_on_or_off_restarts_the_database_and_says_so(
    update: Callable[..., Update], audit: str
) -> None:
    before = {"DatabaseAudit": "false" if audit == "true" else "true"}
    done = update(before, {"DatabaseAudit": audit})
    database = done.change("Database")
    assert database
    assert database.verb == "updated in place"
    assert losing(done.changes, ()) == []
    [warning] = done.findings
    assert not warning.row.refused
    assert "restarts the database" in warning.sentence


def test_a_vault_gets_a_name_that_no_vault_before_it_had(update: Callable[..., Update]) -> None:
    # It stays when the plan goes, and CreateBackupVault refuses a name that is taken. The role goes
    # with the plan, and the id of a role is never given twice.
    for old, new in (
        ({}, {"BackupPlan": "true"}),
        ({"BackupPlan": "true"}, {"BackupPlan": "false"}),
    ):
        done = update(old, new)
        made = {**done.before, **done.after}
        vault, role = (
            next(r for p, r in made.items() if p.rpartition("/")[2] == name)
            for name in ("BackupVault", "BackupRole")
        )
        name = vault["Properties"]["BackupVaultName"]["Fn::Join"][1]
        assert {"Fn::GetAtt": ["BackupRole", "RoleId"]} in name
        assert role.get("DeletionPolicy", "Delete") == "Delete"
        assert done.change("BackupVault")
        assert done.change("BackupRole")


def sentences() -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("timeline", "seed", "--change", "VpcCidr=10.1.0.0/16"), "VpcCidr cannot be changed"


@pytest.mark.parametrize(("command", "said"), sentences())
def test_the_timeline_of_a_refused_change_says_so_and_nothing_else(
    clinic: Callable[..., Ended], command: tuple[str, ...], said: str
) -> None:
    ended = clinic(*command)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


def test_a_subnet_of_others_that_no_database_can_be_in_may_go() -> None:
    """Its name alone, DataSubnet3, says nothing of a database."""
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "10.0.0.0/24"}}
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}}
    for refused, others in ((False, {}), (True, {"Database": database})):
        before = {"DataSubnet3": subnet, **others}
        found = compare.forecast(
            Side({"Resources": before}, {}, {}), Side({"Resources": others}, {}, {})
        )
        assert bool(refusals.refused(refusals.findings(found, before, others))) is refused
