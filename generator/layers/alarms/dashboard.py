"""The CloudWatch dashboard: its widgets from top to bottom.

It is made while the instances boot, so it names nothing that only their stack knows.
"""

from __future__ import annotations

from typing import Any

from generator.layers.shared.alarms import ALB, CDN, MINUTE, RDS

RED, PINK, ORANGE, GREEN = "#d62728", "#ff9896", "#ff7f0e", "#2ca02c"

ALARM_ARN = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
COMPLAINTS = (
    "What the backend complained about: ask [Logs Insights](https://${AWS::Region}.console.aws."
    "amazon.com/cloudwatch/home?region=${AWS::Region}#logsV2:logs-insights) for "
    "`filter @message like /(?i)error|exception|fail/ | sort @timestamp desc` of the log group "
    "that the stack's outputs call BackendLogGroup."
)


def body() -> dict[str, Any]:
    """The dashboard's body; ``Fn::Sub`` gives it Environment, Alb, Targets, Database, Distribution
    and, under their titles, the names of the alarms that it draws."""
    widgets = [
        _widget("text", 0, 0, 24, 2, markdown=f"# ${{Environment}}\n{COMPLAINTS}"),
        *(
            _widget(
                *("metric", index % 4 * 6, 2 + index // 4 * 6, 6, 6),
                title=title,
                region="${AWS::Region}",
                view="timeSeries",
                period=MINUTE,
                **drawn,
            )
            for index, (title, drawn) in enumerate(_graphs().items())
        ),
    ]
    return {"widgets": widgets}


def _graphs() -> dict[str, dict[str, Any]]:
    alb = ["LoadBalancer", "${Alb}"]
    targets = [*alb, "TargetGroup", "${Targets}"]
    database = ["DBInstanceIdentifier", "${Database}"]
    site = ["DistributionId", "${Distribution}", "Region", "Global"]
    metrics: dict[str, list[list[Any]]] = {
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
        ],
        "Site (CloudFront)": [
            [CDN, "Requests", *site, _drawn("Sum") | {"region": "us-east-1"}],
            [CDN, "5xxErrorRate", *site, _right("Average", RED) | {"region": "us-east-1"}],
        ],
        "Database CPU (%)": [[RDS, "CPUUtilization", *database, _drawn("Average")]],
        "Database connections": [[RDS, "DatabaseConnections", *database, _drawn("Maximum")]],
        "Database free storage, free memory on the right": [
            [RDS, "FreeStorageSpace", *database, _drawn("Minimum")],
            [RDS, "FreeableMemory", *database, _right("Minimum", GREEN)],
        ],
    }
    # The group's name is not known until its instances have booted; its alarms' names are.
    alarms = {"Backend CPU (%)": "BackendCpu", "Backend CPU credits": "CpuCreditsLow"}
    return {title: {"metrics": drawn} for title, drawn in metrics.items()} | {
        title: {"annotations": {"alarms": [ALARM_ARN + f"${{{alarm}}}"]}}
        for title, alarm in alarms.items()
    }


def _drawn(statistic: str, color: str = "#1f77b4") -> dict[str, Any]:
    shades = {"p95": ORANGE, "p99": RED}
    return {"stat": statistic, "color": shades.get(statistic, color)}


def _right(statistic: str, color: str) -> dict[str, Any]:
    return _drawn(statistic, color) | {"yAxis": "right"}


def _widget(kind: str, x: int, y: int, width: int, height: int, **what: Any) -> dict[str, Any]:
    place = {"x": x, "y": y, "width": width, "height": height}
    return {"type": kind, **place, "properties": what}
