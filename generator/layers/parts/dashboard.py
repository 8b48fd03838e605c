"""The one CloudWatch page to look at: its graphs, top to bottom as a person asks."""

from __future__ import annotations

from typing import Any

MINUTE = 60
ALB, EC2, RDS, CDN = "AWS/ApplicationELB", "AWS/EC2", "AWS/RDS", "AWS/CloudFront"
RED, PINK, ORANGE, GREEN = "#d62728", "#ff9896", "#ff7f0e", "#2ca02c"


def body() -> dict[str, Any]:
    """The dashboard's body; ``Fn::Sub`` gives it Environment, Alb, Targets, Group, Database, Log
    and Distribution."""
    widgets = [
        _widget("text", 0, 0, 24, 2, markdown="# ${Environment}"),
        *(
            _widget(
                *("metric", index % 4 * 6, 2 + index // 4 * 6, 6, 6),
                title=title,
                region="${AWS::Region}",
                view="timeSeries",
                period=MINUTE,
                metrics=metrics,
            )
            for index, (title, metrics) in enumerate(_graphs().items())
        ),
        _widget(
            *("log", 0, 14, 24, 8),
            title="What the backend last complained about",
            region="${AWS::Region}",
            view="table",
            query="SOURCE '${Log}' | fields @timestamp, @logStream, @message "
            "| filter @message like /(?i)error|exception|fail/ "
            "| sort @timestamp desc | limit 50",
        ),
    ]
    return {"widgets": widgets}


def _graphs() -> dict[str, list[list[Any]]]:
    alb = ["LoadBalancer", "${Alb}"]
    targets = [*alb, "TargetGroup", "${Targets}"]
    group = ["AutoScalingGroupName", "${Group}"]
    database = ["DBInstanceIdentifier", "${Database}"]
    site = ["DistributionId", "${Distribution}", "Region", "Global"]
    return {
        "API requests and errors": [
            [ALB, "RequestCount", *alb, _drawn("Sum")],
            [ALB, "HTTPCode_Target_4XX_Count", *targets, _drawn("Sum", ORANGE)],
            [ALB, "HTTPCode_Target_5XX_Count", *targets, _drawn("Sum", RED)],
            [ALB, "HTTPCode_ELB_5XX_Count", *alb, _drawn("Sum", PINK)],
        ],
        "API answer time (s)": [
            [ALB, "TargetResponseTime", *targets, _drawn(stat)] for stat in ("p50", "p95", "p99")
        ],
        "Backends": [
            [ALB, "HealthyHostCount", *targets, _drawn("Minimum", GREEN)],
            [ALB, "UnHealthyHostCount", *targets, _drawn("Maximum", RED)],
            ["AWS/AutoScaling", "GroupDesiredCapacity", *group, _drawn("Average")],
        ],
        "Site (CloudFront)": [
            [CDN, "Requests", *site, _drawn("Sum") | {"region": "us-east-1"}],
            [CDN, "5xxErrorRate", *site, _right("Average", RED) | {"region": "us-east-1"}],
        ],
        "Backend CPU (%), credits on the right": [
            [EC2, "CPUUtilization", *group, _drawn("Average")],
            [EC2, "CPUCreditBalance", *group, _right("Minimum", GREEN)],
        ],
        "Database CPU (%)": [[RDS, "CPUUtilization", *database, _drawn("Average")]],
        "Database connections": [[RDS, "DatabaseConnections", *database, _drawn("Maximum")]],
        "Database free storage, free memory on the right": [
            [RDS, "FreeStorageSpace", *database, _drawn("Minimum")],
            [RDS, "FreeableMemory", *database, _right("Minimum", GREEN)],
        ],
    }


def _drawn(statistic: str, color: str = "#1f77b4") -> dict[str, Any]:
    shades = {"p95": ORANGE, "p99": RED}
    return {"stat": statistic, "color": shades.get(statistic, color)}


def _right(statistic: str, color: str) -> dict[str, Any]:
    return _drawn(statistic, color) | {"yAxis": "right"}


def _widget(kind: str, x: int, y: int, width: int, height: int, **what: Any) -> dict[str, Any]:
    place = {"x": x, "y": y, "width": width, "height": height}
    return {"type": kind, **place, "properties": what}
