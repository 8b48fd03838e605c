"""Deliberate breakages of the layers and the boot, and the test that catches each.

    python -m tests.mutations          # all of them, in copies of the tree
    python -m tests.mutations port     # those whose name contains a word

Exits with 1 if one survives.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutation:
    """One breakage: in a file, one text in place of another, and where it must be noticed."""

    name: str
    file: str
    old: str
    new: str
    test: str


ENABLE_VERSIONS = (
    "        s3.put_bucket_versioning("
    'Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})\n'
)


def layer(name: str, file: str, old: str, new: str, test: str) -> Mutation:
    path = f"generator/layers/{file}"
    path += "/__init__.py" if (ROOT / path).is_dir() else ".py"
    return Mutation(name, path, old, new, f"tests/layers/test_{test}")


def switch(name: str, old: str, new: str, test: str) -> Mutation:
    file = "generator/bootstrap/switch.sh"
    return Mutation(name, file, old, new, f"tests/bootstrap/test_switch.py::test_{test}")


def promise(name: str, file: str, old: str, new: str, test: str) -> Mutation:
    return layer(name, file, old, new, f"promises.py::test_{test}")


def call(name: str, file: str, old: str, new: str, test: str) -> Mutation:
    test = f"tests/cloud/test_order_of_calls.py::test_{test}"
    return Mutation(name, f"generator/{file}.py", old, new, test)


MUTATIONS = (
    layer(
        "open the database to the world",
        "security",
        '            f"{title}Ingress",\n            GroupId=receiver,\n'
        "            SourceSecurityGroupId=sender,",
        '            f"{title}Ingress",\n            GroupId=receiver,\n'
        "            CidrIp=ANYWHERE,",
        "security.py",
    ),
    layer(
        "move the backend's port",
        "security",
        "HTTP, HTTPS, BACKEND_PORT, DATABASE_PORT = 80, 443, 3000, 5432",
        "HTTP, HTTPS, BACKEND_PORT, DATABASE_PORT = 80, 443, 3001, 5432",
        "security.py",
    ),
    layer(
        "let every group send anything",
        "shared/closed_group",
        'CidrIp="127.0.0.1/32"',
        'CidrIp="0.0.0.0/0"',
        "security.py::test_no_group_keeps_the_rule_by_which_aws_lets_everything_out",
    ),
    layer(
        "show the database to the internet",
        "database",
        '"PubliclyAccessible": False',
        '"PubliclyAccessible": True',
        "database.py",
    ),
    layer(
        "drop the database's encryption",
        "database",
        '"StorageEncrypted": If(restored, NoValue, True)',
        '"StorageEncrypted": If(restored, NoValue, False)',
        "database.py",
    ),
    layer(
        "allow connections without tls",
        "database/database_log",
        '"rds.force_ssl": "1"',
        '"rds.force_ssl": "0"',
        "database.py::test_tls_is_forced",
    ),
    layer(
        "lose the database with the stack",
        "database",
        'DeletionPolicy="Snapshot"',
        'DeletionPolicy="Delete"',
        "database.py",
    ),
    layer(
        "put the database among the instances",
        "database",
        "SubnetIds=values[DATA_SUBNET_IDS]",
        'SubnetIds=[Ref("Vpc")]',
        "database.py",
    ),
    layer(
        "let an instance read the whole bucket",
        "identity",
        'f"/{ENV_FILE}"',
        '"/*"',
        "identity.py::test_the_role_reads_one_object_one_secret_one_repository",
    ),
    layer(
        "let an instance write the file that it reads",
        "identity",
        "allow([awacs.s3.GetObject], [env_file]",
        "allow([awacs.s3.GetObject, awacs.s3.PutObject], [env_file]",
        "identity.py::test_the_role_writes_no_object",
    ),
    layer(
        "let an instance read every secret",
        "identity",
        "[values[DATABASE_SECRET_ARN]]",
        '["*"]',
        "identity.py",
    ),
    layer(
        "let an instance read every parameter",
        "backend/instance_policy",
        "parameter{LIBRARY}*",
        "parameter/*",
        "backend.py::test_an_instance_may_read_its_own_stacks_library_whatever_its_content",
    ),
    layer(
        "leave an old launch template without its library",
        "backend/boot_library",
        'Sub(f"{NAME}{digest}")',
        "Sub(NAME)",
        "backend.py",
    ),
    Mutation(
        "run whatever is in the library's place",
        "generator/bootstrap/library.sh",
        '"${digest:0:32}" != "${LIBRARY_PARAMETER##*-}"',
        '-z "${digest}"',
        "tests/bootstrap/test_boot.py::test_a_library_that_is_not_what_its_name_says_is_not_run",
    ),
    switch(
        "refresh without the library of the boot",
        "    # shellcheck source=/dev/null\n    source ./library.sh\n",
        "",
        "a_refresh_needs_the_library_of_its_boot_and_no_parameter",
    ),
    layer(
        "answer metadata without a token",
        "backend/launch_template",
        'HttpTokens="required"',
        'HttpTokens="optional"',
        "backend.py",
    ),
    layer(
        "show the container the role",
        "backend/launch_template",
        "HttpPutResponseHopLimit=1",
        "HttpPutResponseHopLimit=2",
        "backend.py",
    ),
    layer(
        "leave disks unencrypted",
        "backend/launch_template",
        'VolumeType="gp3", Encrypted=True',
        'VolumeType="gp3", Encrypted=False',
        "backend.py::test_disks_are_encrypted_gp3",
    ),
    layer(
        "shrink a grown group at each update",
        "backend",
        "            MinSize=values[MIN_INSTANCES],\n            MaxSize",
        "            DesiredCapacity=values[MIN_INSTANCES],\n"
        "            MinSize=values[MIN_INSTANCES],\n            MaxSize",
        "backend.py",
    ),
    layer(
        "take the minimum out of service while updating",
        "backend",
        "MinInstancesInService=values[MIN_INSTANCES]",
        "MinInstancesInService=0",
        "backend.py",
    ),
    layer(
        "kill instances while they boot",
        "backend",
        "HealthCheckGracePeriod=by_boot(BOOT_SECONDS)",
        "HealthCheckGracePeriod=10000",
        "backend.py",
    ),
    layer(
        "cache the api",
        "edge/behaviors",
        "CachePolicyId=CACHING_DISABLED",
        "CachePolicyId=CACHING_OPTIMIZED",
        "edge.py",
    ),
    layer(
        "forget the path /api itself",
        "edge/behaviors",
        'API_PATHS = ("/api", "/api/*")',
        'API_PATHS = ("/api/*",)',
        "edge.py",
    ),
    layer(
        "let every distribution read the frontend",
        "edge",
        '"Condition": aws.Condition(this_one),',
        "",
        "edge.py",
    ),
    layer(
        "forward without the secret header",
        "balancer/listeners",
        "serve = If(by_header, REFUSE, elb.Action(",
        'serve = If(by_header, elb.Action(Type="forward", TargetGroupArn=targets), elb.Action(',
        "balancer.py",
    ),
    layer(
        "check health more slowly than it answers",
        "balancer",
        '"HealthCheckTimeoutSeconds": 4',
        '"HealthCheckTimeoutSeconds": 6',
        "balancer.py",
    ),
    layer(
        "allow requests without tls to a bucket",
        "shared",
        'aws:SecureTransport": "false"',
        'aws:SecureTransport": "true"',
        "storage.py",
    ),
    layer(
        "make a bucket public",
        "shared",
        "BlockPublicPolicy=True",
        "BlockPublicPolicy=False",
        "storage.py",
    ),
    layer(
        "lose the documents with the stack",
        "storage",
        '"DeletionPolicy": "RetainExceptOnCreate"',
        '"DeletionPolicy": "Delete"',
        "storage.py",
    ),
    layer(
        "swap public and data subnets",
        "network",
        'data = _subnets(template, values, vpc, "Data", 8, [data_table] * 3)',
        'data = _subnets(template, values, vpc, "Data", 8, [public_table] * 3)',
        "network.py",
    ),
    layer(
        "move addresses when a zone is added",
        "network",
        'app = _subnets(template, values, vpc, "App", 4',
        'app = _subnets(template, values, vpc, "App", 1',
        "network.py",
    ),
    layer(
        "tell nobody of an alarm",
        "shared/alarms",
        "AlarmActions=[values[ALARM_TOPIC_ARN]]",
        "AlarmActions=[]",
        "monitoring.py",
    ),
    layer(
        "let the key stand still",
        "secrets",
        "EnableKeyRotation=True",
        "EnableKeyRotation=False",
        "secrets.py",
    ),
    switch(
        "switch to a container before it is well",
        '    wait_healthy "${name}"\n    BEGUN=\n',
        "    BEGUN=\n",
        "an_env_that_does_no_good_is_never_switched_to_nor_tried_twice",
    ),
    switch(
        "try an .env that did no good again and again",
        "sha256sum configuration.env >refused",
        "true",
        "an_env_that_does_no_good_is_never_switched_to_nor_tried_twice",
    ),
    switch(
        "let a refused .env keep a new password from being taken",
        "then file=accepted.env; fi",
        "then return; fi",
        "a_password_is_taken_up_beside_an_env_that_was_refused",
    ),
    switch(
        "run two restarts at once",
        "alone -n || return 0",
        "true",
        "two_restarts_never_run_at_once",
    ),
    switch(
        "start a second container without memory for it",
        "((free < MEMORY)) || return 0",
        "return 0",
        "without_memory_for_two_the_one_that_serves_stays",
    ),
    switch(
        "leave what a cut restart left",
        "    settle\n    fetch_env\n",
        "    fetch_env\n",
        "a_restart_that_was_cut_is_put_in_order_by_the_next_one",
    ),
    Mutation(
        "cut the connections of the container before",
        "generator/bootstrap/switch.sh",
        'let_go "$1" || true',
        "true",
        "tests/bootstrap/test_docker.py",
    ),
    Mutation(
        "leave the backend's tables to the master",
        "generator/bootstrap/users.sql",
        'REASSIGN OWNED BY CURRENT_USER TO "backend-owner";\n',
        "",
        "tests/bootstrap/test_database.py::"
        "test_a_containers_user_owns_what_was_the_masters_and_the_master_goes_on",
    ),
    Mutation(
        "let the master call what the backend plants",
        "generator/bootstrap/database.sh",
        "PGOPTIONS=--search-path=pg_catalog ",
        "",
        "tests/bootstrap/test_database_rights.py::"
        "test_nothing_that_the_backend_plants_is_called_by_the_master",
    ),
    Mutation(
        "log the values of slow statements",
        "generator/layers/database/database_log.py",
        '"log_error_verbosity": "terse"',
        '"log_error_verbosity": "default"',
        "tests/bootstrap/test_database_log.py::test_a_slow_statement_is_logged_without_its_values",
    ),
    Mutation(
        "take any certificate of the database's",
        "generator/bootstrap/keep-alive.cjs",
        "rejectUnauthorized = true",
        "rejectUnauthorized = false",
        "tests/bootstrap/test_database_tls.py",
    ),
    Mutation(
        "rename the database",
        "generator/layers/database/__init__.py",
        '    return rds.DBInstance(\n        "Database",',
        '    return rds.DBInstance(\n        "PostgresDatabase",',
        "tests/test_invariants.py::test_the_stateful_resources_are_the_listed_ones",
    ),
    Mutation(
        "start instances before their way out",
        "generator/layers/perimeter.py",
        'settles=("AppRouteA", "AppRouteB")',
        "settles=()",
        "tests/layers/test_backend.py",
    ),
    Mutation(
        "accept a warm pool that builds",
        "generator/layers/backend/warm_pool.py",
        '"Assert": Not(Equals(Ref("BackendImage"), ""))',
        '"Assert": Equals("1", "1")',
        "tests/test_console.py",
    ),
    Mutation(
        "send pages with an extension to the index",
        "generator/functions/route_spa.js",
        "segments[segments.length - 1].indexOf('.') === -1",
        "request.uri.indexOf('.') === -1",
        "tests/functions/test_route_spa.py",
    ),
    Mutation(
        "hand lists over as text in the flat form",
        "generator/assemble.py",
        "values = {n: _bare(known[n])",
        "values = {n: _text(n, known[n])",
        "tests/test_assemble.py",
    ),
    promise(
        "lose the backend's log with the stack",
        "backend",
        'DeletionPolicy="RetainExceptOnCreate"',
        'DeletionPolicy="Delete"',
        "a_deletion_keeps_all_that_cannot_be_made_again",
    ),
    promise(
        "lose what is replaced",
        "storage",
        '"UpdateReplacePolicy": "Retain"',
        '"UpdateReplacePolicy": "Delete"',
        "a_replacement_keeps_the_old_one_with_its_data",
    ),
    promise(
        "shorten the vault",
        "shared/backup_plan",
        "DeleteAfterDays=35",
        "DeleteAfterDays=3",
        "backups_reach_as_far_back_as_the_documentation_says",
    ),
    promise(
        "shorten the database's own backups",
        "database",
        '"BackupRetentionPeriod": values[BACKUP_DAYS]',
        '"BackupRetentionPeriod": 1',
        "backups_reach_as_far_back_as_the_documentation_says",
    ),
    promise(
        "delete automated backups with the database",
        "database",
        '"DeleteAutomatedBackups": False',
        '"DeleteAutomatedBackups": True',
        "a_deleted_database_leaves_its_automated_backups",
    ),
    promise(
        "forget overwritten documents soon",
        "shared",
        "noncurrent_days: int = 90",
        "noncurrent_days: int = 9",
        "an_overwritten_object_can_be_had_back_for_90_days",
    ),
    promise(
        "alarm while all is well",
        "shared/alarms",
        'ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"',
        'BELOW, ABOVE = "GreaterThanThreshold", "LessThanThreshold"',
        "alarms_go_off_when_things_are_bad_and_not_when_they_are_well",
    ),
    promise(
        "alarm when the disk is full",
        "shared/alarms",
        "BELOW, 2 * GIB",
        "BELOW, 2",
        "alarms_go_off_when_things_are_bad_and_not_when_they_are_well",
    ),
    promise(
        "look for cloudfront's metrics in another region",
        "alarms",
        '"Region": "Global"',
        '"Region": "us-east-1"',
        "alarms_look_where_aws_writes_the_metric",
    ),
    promise(
        "take silence for an outage of everything",
        "shared/alarms",
        'if title in SILENCE_IS_BAD else "notBreaching"',
        'if title in SILENCE_IS_BAD else "missing"',
        "only_the_missing_host_alarms_by_silence_and_nobody_waits_for_an_hour",
    ),
    promise(
        "alarm only when every host is well and one is not",
        "shared/alarms",
        '"HealthyHostCount", "Maximum"',
        '"HealthyHostCount", "Minimum"',
        "only_the_missing_host_alarms_by_silence_and_nobody_waits_for_an_hour",
    ),
    promise(
        "keep headers and query from the api",
        "edge/behaviors",
        'ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"',
        'ALL_VIEWER = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"',
        "the_api_gets_headers_query_and_cookies_of_every_request",
    ),
    promise(
        "cache pages otherwise than the publisher says",
        "edge/behaviors",
        'CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"',
        'CACHING_OPTIMIZED = "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"',
        "pages_are_cached_as_the_publisher_says_and_errors_for_seconds_only",
    ),
    promise(
        "count 4xx as healthy",
        "balancer",
        'HttpCode="200-299"',
        'HttpCode="200-499"',
        "only_a_success_counts_as_healthy",
    ),
    promise(
        "make a route before its gateway is attached",
        "network",
        "            DependsOn=attachment.title,\n",
        "",
        "a_route_waits_for_the_attachment_of_its_gateway",
    ),
    Mutation(
        "keep the index for a year",
        "generator/application/publish/headers.py",
        "return IMMUTABLE if is_hashed(key) else REVALIDATED",
        "return REVALIDATED if is_hashed(key) else IMMUTABLE",
        "tests/application/publish/test_headers.py",
    ),
    call(
        "let through what is perhaps replaced",
        "checks/changes/compare",
        'self.action == "Modify" and bool(self.replacement)',
        'self.action == "Modify" and self.replacement == "yes"',
        "the_gate_stops_what_is_perhaps_replaced",
    ),
    call(
        "take conditionally for never",
        "cloud/preview",
        'if recreation == "Conditionally"',
        'if recreation == "Conditional"',
        "what_cloudformation_itself_announces_reaches_the_gate",
    ),
    call(
        "delete whatever is cancelled",
        "cloud/deploy",
        'elif stack and stack.status == "CREATE_IN_PROGRESS":',
        "elif stack:",
        "cancelling_deletes_a_stack_only_while_it_is_being_created",
    ),
    call(
        "remove the templates before they are replaced",
        "cloud/deploy",
        "    change_set.execute(aws, changes)\n",
        "    artifacts.remove_older(aws, env)\n    change_set.execute(aws, changes)\n",
        "the_replaced_templates_go_when_the_new_ones_are_deployed",
    ),
    call(
        "remove the shell of somebody else",
        "cloud/change_set",
        'stack.status == "REVIEW_IN_PROGRESS" and not left',
        'found.status == "REVIEW_IN_PROGRESS"',
        "the_shell_in_which_somebody_else_prepares_a_stack_stays",
    ),
    call(
        "delete the stack of an abandoned change set",
        "cloud/change_set",
        'if stack and stack.status == "REVIEW_IN_PROGRESS" and not left',
        "if stack and not left",
        "abandoning_a_change_set_deletes_nothing_but_a_shell",
    ),
    call(
        "set versioning before the policy",
        "cloud/artifacts",
        f"        _all_at_once(_settings(s3, bucket))\n{ENABLE_VERSIONS}",
        f"{ENABLE_VERSIONS}        _all_at_once(_settings(s3, bucket))\n",
        "versioning_is_set_when_all_else_is_in_place",
    ),
)


def survives(mutation: Mutation) -> str | None:
    """What is wrong: the breakage is not noticed, or there is nothing left to break."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("generator", "tests", "params", "output", "setup.cfg", "pyproject.toml"):
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / part, copy / part, ignore=ignored)
            else:
                shutil.copy(ROOT / part, copy / part)
        file = copy / mutation.file
        text = file.read_text()
        if text.count(mutation.old) < 1:
            return "its old text is gone from the file"
        file.write_text(text.replace(mutation.old, mutation.new))
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutation.test],
            cwd=copy,
            capture_output=True,
            text=True,
        )
        return None if result.returncode == 1 else f"pytest said: {result.stdout[-300:]}"


def main(words: list[str]) -> int:
    chosen = [m for m in MUTATIONS if all(word in m.name for word in words)]
    failures = 0
    with ThreadPoolExecutor(2) as pool:
        for mutation, wrong in zip(chosen, pool.map(survives, chosen), strict=True):
            verdict = f"SURVIVES: {wrong}" if wrong else f"caught by {mutation.test}"
            print(f"{mutation.name}: {verdict}", flush=True)
            failures += wrong is not None
    print(f"{len(chosen) - failures} of {len(chosen)} breakages caught")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
