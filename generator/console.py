"""How the CloudFormation console asks for the parameters: groups, order and labels."""

from __future__ import annotations

from troposphere import Template

from generator.assemble import TEMPLATE_BASE_URL
from generator.layer import Name
from generator.layers import (
    backend,
    balancer,
    database,
    edge,
    monitoring,
    network,
    perimeter,
    secrets,
    security,
    shared,
    storage,
)
from generator.layers.backend import scaling
from generator.layers.backend.launch_template import CPU_CREDITS, INSTANCE_TYPE, MACHINE_IMAGE
from generator.layers.backend.user_data import (
    BACKEND_IMAGE,
    BACKEND_REPOSITORY,
    BACKEND_REVISION,
    RELEASE,
)
from generator.layers.backend.warm_pool import WARM_POOL_SIZE
from generator.layers.database import database_log, rotation
from generator.layers.edge import behaviors
from generator.layers.shared import alias_records, backup_plan, origin_header, roles

GROUPS: dict[str, dict[Name, str]] = {
    "Environment": {
        TEMPLATE_BASE_URL: "Address of the templates",
        shared.ENVIRONMENT_NAME: "Name of the environment",
        monitoring.ALARM_EMAIL: "E-mail address for alarms",
    },
    "Site": {
        edge.DOMAIN_NAME: "Host name of the site",
        edge.CERTIFICATE_ARN: "Certificate of the site (us-east-1)",
        alias_records.HOSTED_ZONE_ID: "Route 53 zone",
        edge.WEB_ACL_ARN: "Web ACL for CloudFront (us-east-1)",
        edge.PRICE_CLASS: "Where CloudFront answers from",
        behaviors.STRICT_TRANSPORT_SECURITY: "For which names browsers insist on HTTPS",
        behaviors.API_DESCRIPTION: "Description of the API",
    },
    "Backend": {
        BACKEND_IMAGE: "Container image",
        BACKEND_REPOSITORY: "Git repository to build when there is no image",
        BACKEND_REVISION: "Branch or tag to build",
        RELEASE: "Release",
        backend.ROLLING_UPDATE: "Replace instances when something changes",
        balancer.HEALTH_CHECK_PATH: "Health check path",
        INSTANCE_TYPE: "Instance type",
        MACHINE_IMAGE: "Ubuntu image",
    },
    "Scaling": {
        backend.MIN_INSTANCES: "Fewest instances",
        backend.MAX_INSTANCES: "Most instances",
        scaling.CPU_TARGET: "Average CPU to keep to (%)",
        scaling.METRIC_PERIOD: "Seconds between CPU readings",
        WARM_POOL_SIZE: "Instances in the warm pool",
        CPU_CREDITS: "CPU credits",
    },
    "Load balancer": {
        security.ALB_EXPOSURE: "Who reaches the load balancer",
        security.CLOUDFRONT_PREFIX_LIST_ID: "CloudFront's prefix list in this region",
        security.ALB_CERTIFICATE_ARN: "Certificate of the load balancer",
        balancer.ALB_DOMAIN_NAME: "Host name of the load balancer",
        balancer.ALB_WEB_ACL_ARN: "Web ACL for the load balancer",
        origin_header.ORIGIN_HEADER: "Value of the header from CloudFront",
    },
    "Database": {
        database.DATABASE_NAME: "Database name",
        secrets.DATABASE_USER: "Master user",
        database.DATABASE_VERSION: "PostgreSQL version",
        database.DATABASE_CLASS: "Instance class",
        database.DATABASE_STORAGE: "Storage (GiB)",
        database.MULTI_AZ: "Standby in another zone",
        database.BACKUP_DAYS: "Days of backups",
        backup_plan.BACKUP_PLAN: "AWS Backup plan",
        database.DATABASE_SNAPSHOT: "Snapshot to restore",
        rotation.PASSWORD_ROTATION_DAYS: "Days between password rotations",
        database.DATABASE_MONITORING: "Enhanced monitoring",
        database_log.DATABASE_AUDIT: "Log each read and change",
    },
    "Network": {
        network.VPC_CIDR: "Address range",
        network.ZONES: "Availability zones",
        network.ZONE_NAMES: "Names of the zones",
        perimeter.NAT_GATEWAYS: "NAT gateways",
        perimeter.FLOW_LOGS: "Flow logs",
        perimeter.CLOSE_DEFAULT_SECURITY_GROUP: "Close the default security group",
    },
    "Records and protection": {
        secrets.CUSTOMER_KEY: "Encrypt with a key of your own",
        shared.DELETION_PROTECTION: "Deletion protection",
        roles.PERMISSIONS_BOUNDARY: "Boundary of all roles",
        shared.LOG_RETENTION_DAYS: "Days that logs are kept",
        storage.CDN_LOGS: "CloudFront access log",
        shared.DOCUMENTS_FILE_SYSTEM: "File system for documents",
        storage.DOCUMENT_LOCK_DAYS: "Days that documents are locked",
    },
}


def arrange(template: Template) -> None:
    """Add the form to a root or flat template; KeyError when a parameter has no place in it."""
    unplaced = set(template.parameters)
    for group, labels in GROUPS.items():
        for name, label in labels.items():
            if name.title in template.parameters:
                template.add_parameter_to_group(name, group)
                template.set_parameter_label(name, label)
                unplaced.discard(str(name.title))
    if unplaced:
        raise KeyError(f"the console form has no place for {sorted(unplaced)}")
