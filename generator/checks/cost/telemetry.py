"""What it costs to watch: alarms, metrics, dashboards, logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import LineItem, Month, number
from generator.checks.cost.launched import launched_groups
from generator.checks.cost.network import Found

COMPRESSED = Decimal("0.15")
"""What is stored of what was logged."""
ALARMS_OF_A_TARGET = 2
"""Target tracking makes one alarm to grow and one to shrink."""
STANDARD, HIGH = "cloudwatch/alarm", "cloudwatch/alarm/high-resolution"
FLOW_LOG = "AWS::EC2::FlowLog"
DAYS_OF_A_MONTH = Decimal(30)


def alarms(month: Month, resources: Found) -> Iterator[LineItem]:
    """Alarms on a metric each; those that look more often than once a minute cost more."""
    fast = sum(1 for alarm in resources.values() if (number(alarm.get("Period")) or 60) < 60)
    if standard := len(resources) - fast:
        yield month.monthly("Alarms", f"{standard} x alarm", STANDARD, standard)
    if fast:
        yield month.monthly("Alarms", f"{fast} x high-resolution alarm", HIGH, fast)


def scaling_policies(month: Month, resources: Found) -> Iterator[LineItem]:
    """The alarms of target tracking, and the metrics that instances publish for it."""
    of_group = launched_groups(month.view)
    for policy in resources.values():
        if policy.get("PolicyType") != "TargetTrackingScaling":
            continue  # its alarms are resources of their own
        target = policy.get("TargetTrackingConfiguration", {})
        own = target.get("CustomizedMetricSpecification")
        seconds = _period(own) if own else Decimal(60)
        key = HIGH if seconds < 60 else STANDARD
        item = f"{ALARMS_OF_A_TARGET} x alarm of target tracking"
        yield month.monthly("Alarms", item, key, ALARMS_OF_A_TARGET)
        if own:
            yield month.monthly("Metrics", "1 x metric of their own", "cloudwatch/metric", 1)
            launched = of_group.get(
                month.view.references.target(policy.get("AutoScalingGroupName"))
            )
            count = launched.count(month.usage.load) if launched else Decimal(0)
            calls = count * month.usage.hours * 3600 / seconds
            item = f"readings of the instances, every {seconds:f} s"
            yield month.line("Metrics", item, "cloudwatch/put", calls / 1000)


def _period(own: Mapping[str, Any]) -> Decimal:
    periods = [
        number(query.get("MetricStat", {}).get("Period")) for query in own.get("Metrics", [])
    ]
    return min((period for period in periods if period), default=Decimal(60))


def dashboards(month: Month, resources: Found) -> Iterator[LineItem]:
    """Dashboards by the piece."""
    yield month.monthly(
        "Dashboard", f"{len(resources)} x dashboard", "cloudwatch/dashboard", len(resources)
    )


def log_groups(month: Month, resources: Found) -> Iterator[LineItem]:
    """What backend and database log, and what is kept of it."""
    flows = month.view.of_type(FLOW_LOG).values()
    vended = {month.view.references.target(flow.get("LogGroupName")) for flow in flows}
    kept = {name: each for name, each in resources.items() if name not in vended}
    if not kept:
        return
    yield month.line("Logs", "backend and database", "logs/gb", month.usage.logs_gb)
    yield _stored(month, "Logs", kept, month.usage.logs_gb)


def audits(month: Month, resources: Found) -> Iterator[LineItem]:
    """What pgaudit adds to the database's log, which is kept as long as all others."""
    groups = month.view.of_type("AWS::Logs::LogGroup")
    libraries = [
        str(group.get("Parameters", {}).get("shared_preload_libraries", ""))
        for group in resources.values()
    ]
    if any("pgaudit" in names.split(",") for names in libraries):
        yield month.line("Audit", "of the database, by pgaudit", "logs/gb", month.usage.audit_gb)
        yield _stored(month, "Audit", groups, month.usage.audit_gb)


def flow_logs(month: Month, resources: Found) -> Iterator[LineItem]:
    """Every connection of the network, delivered to a log group."""
    groups = month.view.of_type("AWS::Logs::LogGroup")
    named = [month.view.references.target(flow.get("LogGroupName")) for flow in resources.values()]
    kept = {name: groups[name] for name in named if name in groups}
    if any(name not in groups for name in named):
        yield month.line("Flow logs", "to another place than a log group here", "", 1)
    if kept:
        yield month.line("Flow logs", "delivered", "logs/vended", month.usage.flow_logs_gb)
        yield _stored(month, "Flow logs", kept, month.usage.flow_logs_gb)


def _stored(month: Month, component: str, groups: Found, gb: Decimal) -> LineItem:
    """As it is once the oldest day is dropped: as many months of logs as they are kept."""
    days = max(number(each.get("RetentionInDays")) or Decimal(3653) for each in groups.values())
    item = f"kept for {days:f} days, compressed"
    return month.monthly(component, item, "logs/stored", gb * days / DAYS_OF_A_MONTH * COMPRESSED)
