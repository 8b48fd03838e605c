"""The alarms (shared/alarms.py) and the CloudWatch dashboard (dashboard.py).

Alarms of the instances are in the backend's layer, since only that knows the group; this layer
does not read it, so that it is made while the instances still boot.
"""

from __future__ import annotations

import json

from troposphere import Sub, Template, cloudwatch

from generator.layer import Layer, Name, Values
from generator.layers.alarms import dashboard
from generator.layers.balancer import ALB_FULL_NAME, TARGET_GROUP_FULL_NAME
from generator.layers.database import DATABASE_ID
from generator.layers.edge import DISTRIBUTION_ID
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.shared import ENVIRONMENT_NAME
from generator.layers.shared.alarms import (
    BALANCER,
    DATABASE,
    SITE,
    TARGETS,
    add_alarms,
    alarm_name,
    is_us_east_1,
)

DASHBOARD_URL = Name(
    "DashboardUrl", Type="String", Description="The page to look at when something is wrong."
)


def build(template: Template, values: Values) -> Values:
    balancer = {"LoadBalancer": values[ALB_FULL_NAME]}
    site = {"DistributionId": values[DISTRIBUTION_ID], "Region": "Global"}
    watched = {
        BALANCER: balancer,
        TARGETS: balancer | {"TargetGroup": values[TARGET_GROUP_FULL_NAME]},
        DATABASE: {"DBInstanceIdentifier": values[DATABASE_ID]},
    }
    for kind, dimensions in watched.items():
        add_alarms(template, values, kind, dimensions)
    add_alarms(template, values, SITE, site, Condition=is_us_east_1(template))
    template.add_resource(
        cloudwatch.Dashboard(
            "Dashboard",
            DashboardBody=Sub(
                json.dumps(dashboard.body()),
                Alb=values[ALB_FULL_NAME],
                Targets=values[TARGET_GROUP_FULL_NAME],
                BackendCpu=alarm_name(values, "BackendCpu"),
                CpuCreditsLow=alarm_name(values, "CpuCreditsLow"),
                Database=values[DATABASE_ID],
                Distribution=values[DISTRIBUTION_ID],
                Environment=values[ENVIRONMENT_NAME],
            ),
        )
    )
    url = Sub(
        "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
        "#dashboards/dashboard/${Dashboard}"
    )
    return {DASHBOARD_URL: url}


ALARMS = Layer(
    "Alarms",
    build,
    owns=(
        "alarms of balancer, database and site, dashboard",
        "alarmas del balanceador, de la base de datos y del sitio, tablero",
    ),
    needs=(
        ENVIRONMENT_NAME,
        ALARM_TOPIC_ARN,
        ALB_FULL_NAME,
        TARGET_GROUP_FULL_NAME,
        DATABASE_ID,
        DISTRIBUTION_ID,
    ),
    offers=(DASHBOARD_URL,),
)
