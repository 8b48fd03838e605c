"""The birth of an instance, from the first line to the signal."""

import base64
import bz2
import hmac
import stat

import pytest

from generator import bootstrap

from . import generated
from .cloud import AUTHORITIES, AUTHORITY, CREATED, INSTANCE, LIBRARY, PASSWORD, REGISTRY_PASSWORD
from .machine import STATE, Machine

USER = f"backend-{CREATED:.0f}"
FIRST_LINE = "--- STARTING AUTOMATED DEPLOYMENT ---"
ECR_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/backend:1"
OWN_REGISTRY = generated.MADE["ImageRepository"]
TO_BUILD = {
    "BACKEND_IMAGE": "",
    "BACKEND_REPOSITORY": "https://example.org/backend.git",
    "BACKEND_REVISION": "main",
}


def assert_failed(machine: Machine, status: int, *words: str) -> None:
    """The stack heard of one failure, and the reason had been shipped."""
    assert status != 0
    assert machine.cloud.signals() == ["FAILURE"]
    said = "\n".join(machine.cloud.shipped())
    assert FIRST_LINE in said
    assert "--- DEPLOYMENT FAILED: " in said
    for word in words:
        assert word in said


def test_an_instance_asks_the_metadata_address_itself_where_it_can_be_given_one(
    born: Machine,
) -> None:
    addresses = {call for call in born.commands("curl") if "/latest/meta-data/" in call}
    assert addresses
    if born.place.is_own:
        assert all("http://169.254.169.254/latest/" in call for call in addresses)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("image", ["", "example/backend:1"])
def test_every_environments_launch_template_boots(
    machine: Machine, environment: str, image: str
) -> None:
    pool = {} if image else {"WARM_POOL_SIZE": "0"}
    program = machine.user_data(environment, BACKEND_IMAGE=image, **pool)
    with machine.start(program=program) as process:
        process.communicate(timeout=300)
    assert process.returncode == 0
    assert machine.cloud.signals() == ["SUCCESS"]


def test_a_pulled_image_boots_to_success(born: Machine) -> None:
    (signal,) = born.cloud.named("SignalResource")
    assert signal.body["Status"] == "SUCCESS"
    assert signal.body["UniqueId"] == INSTANCE
    assert signal.body["LogicalResourceId"] == "BackendGroup"
    assert signal.body["StackName"].startswith("arn:aws:cloudformation:eu-west-1:")
    assert born.cloud.calls[-1].operation == "SignalResource"
    assert born.commands("docker")[0] == "pull\t--quiet\texample/backend:1"
    assert born.commands("git") == []


def test_the_container_runs_as_documented(born: Machine) -> None:
    (run,) = [call for call in born.commands("docker") if call.startswith("run")]
    words = run.replace("\t", " ")
    beside = "--name backend-a --network clinic --ip 198.18.0.2 -p 127.0.0.1::3000"
    beside = beside if born.place.is_own else beside.replace("198.18", "127.0")
    assert words.startswith(f"run -d --restart always {beside} --env-file next.env ")
    assert "--cap-drop ALL --security-opt no-new-privileges --pids-limit 1024" in words
    assert " --memory 749m " in words
    assert "--log-driver awslogs" in words
    assert "awslogs-group=/clinic/backend" in words
    assert f"awslogs-stream={INSTANCE}/backend" in words
    assert words.endswith(" example/backend:1")


def test_the_environment_is_the_configuration_with_the_database_in_its_place(born: Machine) -> None:
    text = born.container.read_bytes().decode()  # line ends as they are
    lines = [line for line in text.split("\n") if line]
    assert lines == [
        "NODE_OPTIONS=--require=/keep-alive.cjs",
        "JWT_SECRET=jwt-signing-secret",
        "CLOUD=true",
        "DB_HOST=127.0.0.1",
        f"DB_PORT={born.port}",
        f"DB_USERNAME={USER}",
        f"DB_PASSWORD={hmac.new(PASSWORD.encode(), USER.encode(), 'sha256').hexdigest()}",
        "DB_DATABASE=clinic",
        "SSL_ENABLED=true",
        "PORT=3000",
    ]


def test_only_root_may_read_what_holds_secrets(born: Machine) -> None:
    state = born.root / "var/lib/clinic-backend"
    program = born.root / "usr/local/sbin/clinic-backend"
    assert (born.root / "notes/mode").read_text() == "600\n"
    log = born.root / "var/log/user-data.log"
    kept = [state / "configuration.env", state / "backend.env", state / "accepted.env", log]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE(program.stat().st_mode) == 0o700


def test_the_log_is_whole_in_file_syslog_console_and_cloudwatch(born: Machine) -> None:
    lines = born.log().splitlines()
    assert lines[0] == FIRST_LINE
    assert lines[-1] == "--- DEPLOYMENT COMPLETED ---"
    assert born.cloud.shipped() == lines
    assert born.cloud.streams == {f"{INSTANCE}/boot"}
    assert born.wait_for_text("notes/syslog", lines[-1]).splitlines() == lines
    assert FIRST_LINE in (born.root / "notes/console").read_text()


def test_the_log_is_shipped_while_the_boot_still_waits(machine: Machine) -> None:
    early: list[str] = []
    waited = iter(range(99))

    def healthy(_: str) -> bool:
        early[:] = machine.cloud.shipped()
        return next(waited) > 50 or bool(early)

    machine.healthy = healthy
    assert machine.run().returncode == 0
    assert FIRST_LINE in early


def test_success_waits_for_the_health_path(machine: Machine) -> None:
    signals: list[int] = []

    def healthy(_: str) -> bool:
        signals.append(len(machine.cloud.signals()))
        return len(signals) == 4

    machine.healthy = healthy
    assert machine.run().returncode == 0
    assert signals == [0, 0, 0, 0]
    assert machine.cloud.signals() == ["SUCCESS"]


def test_the_instance_waits_for_the_database_to_be_attached(machine: Machine) -> None:
    host = machine.cloud.secret.pop("host")
    asked = machine.cloud.on("GetSecretValue", 3, lambda: machine.cloud.secret.update(host=host))
    assert machine.run().returncode == 0
    assert asked() > 4
    assert f"DB_HOST={host}\n" in machine.container.read_text()
    assert "Error" not in machine.log()


def test_a_database_that_is_never_attached_fails(machine: Machine) -> None:
    del machine.cloud.secret["host"]
    result = machine.run(DATABASE_SECONDS="0")
    assert_failed(machine, result.returncode, "Gave up", "the database's address in its secret")
    assert machine.containers() == []


def test_a_closed_database_port_fails(machine: Machine) -> None:
    machine.cloud.secret["port"] = 1
    result = machine.run(DATABASE_SECONDS="0")
    assert_failed(machine, result.returncode, "the database's port", "may this instance reach it")


def test_the_container_gets_a_user_of_its_own_and_the_database_no_password(born: Machine) -> None:
    notes = born.root / "notes"
    tls = "verify-full database.crt"
    assert (notes / "masters").read_text() == f"clinic@127.0.0.1:{born.port} {tls}\n"
    asked = (notes / "sql").read_text()
    assert f"\\set user {USER}\n\\set verifier 'SCRAM-SHA-256$4096:" in asked
    password = dict(line.split("=", 1) for line in born.container.read_text().splitlines())[
        "DB_PASSWORD"
    ]
    assert password not in asked + "".join(born.commands("psql"))
    assert PASSWORD not in asked


def test_a_password_that_is_not_in_force_yet_is_waited_for(machine: Machine) -> None:
    """A rotation under way: RDS has the new password, the secret's current version the old one."""
    (machine.root / "notes/master").write_text("the-new-one")
    machine.cloud.on("GetSecretValue", 3, lambda: machine.cloud.rotate("the-new-one"))
    assert machine.run().returncode == 0
    assert f"DB_USERNAME=backend-{CREATED + 86_400:.0f}\n" in machine.container.read_text()


def test_documents_lie_outside_the_container(born: Machine) -> None:
    (run,) = [call for call in born.commands("docker") if call.startswith("run")]
    folder = born.root / "var/lib/clinic-backend/documents"
    assert f"\t-v\t{folder}:/app/docs-0d3nt\t" in run
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_held_apt_lock_fails_with_status_100(machine: Machine) -> None:
    machine.note("fail-apt")
    result = machine.run()
    assert result.returncode == 100
    assert_failed(machine, result.returncode, "INSTALLING DOCKER", "Could not get lock")
    assert len(machine.commands("apt-get")) == 6
    assert "DPkg::Lock::Timeout" in machine.commands("apt-get")[0]


def test_no_way_to_the_archive_fails_with_a_reason(machine: Machine) -> None:
    machine.note("fail-network")
    assert_failed(machine, machine.run().returncode, "Network is unreachable", "NAT, routes")


def test_no_way_to_aws_ends_with_a_reason_on_the_console(machine: Machine) -> None:
    machine.note("fail-network")
    assert machine.run(AWS_ENDPOINT="http://127.0.0.1:1").returncode == 100
    assert machine.cloud.calls == []
    said = machine.wait_for_text("notes/console", "NAT, routes")
    assert "--- DEPLOYMENT FAILED: INSTALLING DOCKER" in said


def test_an_instance_without_its_role_ends_with_a_reason_on_the_console(machine: Machine) -> None:
    machine.cloud.roles[machine.instance] = False
    assert machine.run().returncode != 0
    said = machine.wait_for_text("notes/console", "Rol-EC2-Acceso-S3?")
    assert "--- DEPLOYMENT FAILED: FINDING THE ROLE" in said
    assert machine.commands("apt-get") == []


def test_a_role_that_may_not_read_the_env_fails_with_a_reason(machine: Machine) -> None:
    machine.cloud.failures["GET /configuration/.env"] = [(403, "AccessDenied")] * 99
    result = machine.run(CONFIG_SECONDS="0")
    assert_failed(machine, result.returncode, "s3 answered HTTP 403: AccessDenied", "been uploaded")


@pytest.mark.parametrize(
    "line", ["export FOO=bar", "=hidden-value", "rest of a hidden-value", "A=hidden-value\udcff"]
)
def test_a_bad_key_in_the_env_fails_with_its_line_and_not_its_text(
    machine: Machine, line: str
) -> None:
    # A lone surrogate stands for a byte that is not UTF-8.
    machine.cloud.configuration = f"A=1\n# comment\n{line}\nB=2\nNAME_ALONE\n"
    result = machine.run()
    assert_failed(machine, result.returncode, "Docker cannot read line 3 of the .env: run clinic")
    assert "hidden-value" not in machine.everything_written() + "".join(machine.cloud.shipped())
    assert machine.commands("docker")[-1].startswith("pull")


def test_an_image_that_is_not_there_fails_with_a_reason(machine: Machine) -> None:
    machine.note("fail-manifest")
    result = machine.run()
    assert_failed(machine, result.returncode, "manifest unknown", "Does the tag exist")


def test_a_repository_that_cannot_be_reached_fails_with_a_reason(machine: Machine) -> None:
    machine.note("fail-clone")
    result = machine.run(**TO_BUILD)
    assert_failed(machine, result.returncode, "Could not resolve host", "has it main?")


def test_a_failed_pull_explains_docker_hubs_limit(machine: Machine) -> None:
    machine.note("fail-pull")
    assert_failed(machine, machine.run().returncode, "toomanyrequests", "Docker Hub's limit")


def test_a_missing_configuration_names_the_object(machine: Machine) -> None:
    machine.cloud.configuration = None
    result = machine.run(CONFIG_SECONDS="0")
    assert_failed(machine, result.returncode, "HTTP 404", "Has s3://configuration/.env been")
    assert len(machine.cloud.named("GET /configuration/.env")) == 1


def test_a_configuration_that_is_uploaded_late_is_waited_for(machine: Machine) -> None:
    machine.cloud.failures = {"GET /configuration/.env": [(404, "NoSuchKey")] * 2}
    assert machine.run().returncode == 0
    assert len(machine.cloud.named("GET /configuration/.env")) == 3
    assert "upload it now" in machine.log()


def test_the_container_gets_the_authorities_of_its_database(born: Machine) -> None:
    assert (born.root / STATE / "database.crt").read_text() == AUTHORITY
    (run,) = [call for call in born.commands("docker") if call.startswith("run")]
    assert f"-v\t{born.root / STATE}/database.crt:/database.crt:ro\t" in run


def test_authorities_that_do_not_come_at_once_are_asked_for_again(machine: Machine) -> None:
    machine.cloud.failures = {AUTHORITIES: [(503, "slow down"), (404, "not yet")]}
    assert machine.run().returncode == 0
    assert (machine.root / STATE / "database.crt").read_text() == AUTHORITY


def test_no_database_is_trusted_without_its_authorities(machine: Machine) -> None:
    machine.cloud.failures = {AUTHORITIES: [(403, "denied")] * 99}
    result = machine.run()
    assert_failed(machine, result.returncode, "WAITING FOR THE DATABASE", "error: 403")
    assert machine.commands("psql") == []


def test_node_keeps_connections_longer_than_the_balancer(machine: Machine) -> None:
    assert machine.run().returncode == 0
    environment = (machine.root / "var/lib/clinic-backend/backend.env").read_text()
    assert environment.startswith("NODE_OPTIONS=--require=/keep-alive.cjs\n")
    (run,) = [call for call in machine.commands("docker") if call.startswith("run")]
    assert "/keep-alive.cjs:/keep-alive.cjs:ro" in run


def test_a_container_that_exits_fails_and_shows_its_log_without_secrets(machine: Machine) -> None:
    machine.note("fail-health")
    machine.healthy = lambda _: False
    result = machine.run(HEALTH_SECONDS="0")
    assert_failed(machine, result.returncode, "WAITING FOR THE BACKEND", "DB_PASSWORD=***")
    assert "backend-a: Restarting (1) 2 seconds ago" in machine.cloud.shipped()


def test_a_backend_that_runs_and_never_gets_well_fails_with_a_reason(machine: Machine) -> None:
    machine.healthy = lambda _: False
    result = machine.run(HEALTH_SECONDS="0")
    assert_failed(machine, result.returncode, "Gave up after 0 s: 2xx from", "is the .env complete")
    assert "backend-a: Up 2 seconds" in machine.cloud.shipped()


def test_a_container_that_cannot_start_fails_with_dockers_reason(machine: Machine) -> None:
    machine.note("fail-run")
    result = machine.run()
    assert result.returncode == 125
    assert_failed(machine, 125, "RUNNING THE CONTAINER", "port is already allocated")


def test_throttling_server_errors_and_lost_keys_are_survived(machine: Machine) -> None:
    machine.cloud.failures = {
        "GET /configuration/.env": [(503, "SlowDown"), (500, "InternalError")],
        "SignalResource": [(400, "<Code>Throttling</Code>"), (400, "ExpiredToken")],
        "PutLogEvents": [(400, '{"__type": "ThrottlingException"}')],
    }
    assert machine.run().returncode == 0
    assert machine.cloud.signals() == ["SUCCESS"] * 3


def test_a_log_group_that_is_gone_does_not_stop_the_boot(machine: Machine) -> None:
    gone = (400, '{"__type": "ResourceNotFoundException"}')
    machine.cloud.failures = {"CreateLogStream": [gone] * 99, "PutLogEvents": [gone] * 99}
    assert machine.run().returncode == 0
    assert machine.cloud.signals() == ["SUCCESS"]


def test_an_image_in_ecr_is_pulled_after_signing_in_to_its_region(machine: Machine) -> None:
    assert machine.run(BACKEND_IMAGE=ECR_IMAGE).returncode == 0
    (token,) = machine.cloud.named("GetAuthorizationToken")
    assert (token.service, token.region) == ("ecr", "us-west-2")
    registry = ECR_IMAGE.partition("/")[0]
    login, pull = machine.commands("docker")[:2]
    assert login == f"login\t--username\tAWS\t--password-stdin\t{registry}"
    assert pull == f"pull\t--quiet\t{ECR_IMAGE}"
    assert (machine.root / "notes/login").read_text() == f"{REGISTRY_PASSWORD}\n"


@pytest.mark.parametrize(
    "registry",
    [
        "x.dkr.ecr.eu-west-1.attacker.example",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.attacker.example",
        "evil-123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    ],
)
def test_the_password_for_ecr_goes_to_no_host_that_only_looks_like_it(
    machine: Machine, registry: str
) -> None:
    assert machine.run(BACKEND_IMAGE=f"{registry}/backend:1").returncode == 0
    assert not machine.cloud.named("GetAuthorizationToken")
    assert not any(call.startswith("login") for call in machine.commands("docker"))


def test_a_tag_of_the_own_registry_is_waited_for_until_somebody_has_pushed_it(
    machine: Machine,
) -> None:
    machine.note("not-pushed")
    assert machine.run(BACKEND_IMAGE=":1").returncode == 0
    assert "the image (push it now)" in machine.log()
    commands = machine.commands("docker")
    image = f"{OWN_REGISTRY}:1"
    assert commands[:4] == [
        f"login\t--username\tAWS\t--password-stdin\t{OWN_REGISTRY.partition('/')[0]}",
        *[f"pull\t--quiet\t{image}"] * 3,
    ]
    assert any(line.startswith("run\t") and line.endswith(f"\t{image}") for line in commands)
    assert machine.run("refresh", BACKEND_IMAGE=":1").returncode == 0


def test_a_tag_that_nobody_pushes_ends_the_boot_with_a_reason(machine: Machine) -> None:
    machine.note("fail-manifest")
    result = machine.run(BACKEND_IMAGE=":1", CONFIG_SECONDS="0")
    assert_failed(machine, result.returncode, "Gave up after 0 s: the image (push it now)")


def test_a_refusal_of_the_own_registry_is_not_waited_out(machine: Machine) -> None:
    machine.note("fail-pull")
    result = machine.run(BACKEND_IMAGE=f"{OWN_REGISTRY}:1")
    assert_failed(machine, result.returncode, "toomanyrequests", "Docker Hub's limit")


def test_requests_go_to_the_services_own_regional_addresses(machine: Machine) -> None:
    proxy = f"http://127.0.0.1:{machine.port}"
    away = {"AWS_ENDPOINT": "", "https_proxy": proxy, "BACKEND_IMAGE": ECR_IMAGE}
    assert machine.run(**away, LIBRARY_SECONDS="0").returncode == 1
    assert machine.cloud.destinations == {
        "logs.eu-west-1.amazonaws.com:443",
        "ssm.eu-west-1.amazonaws.com:443",
        "cloudformation.eu-west-1.amazonaws.com:443",
    }


def test_the_password_of_a_registry_comes_from_the_registrys_own_region(machine: Machine) -> None:
    program = machine.user_data(BACKEND_IMAGE=ECR_IMAGE)
    head, _, _ = program.read_text().partition("set -e")
    functions, acts, _ = bootstrap.part(*bootstrap.FILES).partition('case "${1:-boot}"')
    assert acts
    program.write_text(f"{head}{functions}pull_image\n")
    away = {"AWS_ENDPOINT": "", "https_proxy": f"http://127.0.0.1:{machine.port}"}
    with machine.start(program=program, **away) as process:
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert machine.cloud.destinations == {"api.ecr.us-west-2.amazonaws.com:443"}


def test_the_library_is_read_with_the_role_and_kept_for_root_alone(born: Machine) -> None:
    [call] = born.cloud.named("GetParameter")
    assert (call.service, call.body) == ("ssm", {"Name": LIBRARY})
    kept = born.root / STATE / "library.sh"
    assert kept.read_text() == bootstrap.part(*bootstrap.LIBRARY)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


def test_a_right_to_the_library_that_comes_late_is_waited_for(machine: Machine) -> None:
    denied = (400, '{"__type": "AccessDeniedException"}')
    machine.cloud.failures["GetParameter"] = [denied, (503, "busy"), denied]
    assert machine.run().returncode == 0
    assert len(machine.cloud.named("GetParameter")) == 4


def test_a_boot_without_its_library_ends_with_a_reason(machine: Machine) -> None:
    machine.cloud.failures["GetParameter"] = [(400, '{"__type": "ParameterNotFound"}')] * 99
    result = machine.run(LIBRARY_SECONDS="0")
    assert_failed(
        *(machine, result.returncode, "Gave up after 0 s: the library"),
        f"May the role read {LIBRARY} in Parameter Store?",
    )
    assert machine.commands("docker") == []


@pytest.mark.parametrize("word", ["git  clone", "git clone;"])
def test_a_library_that_is_not_what_its_name_says_is_not_run(machine: Machine, word: str) -> None:
    text = bootstrap.part(*bootstrap.LIBRARY).rstrip("\n").replace("git clone", word)
    machine.cloud.library = base64.a85encode(bz2.compress(text.encode())).decode()
    result = machine.run(LIBRARY_SECONDS="0")
    assert_failed(machine, result.returncode, f"{LIBRARY} holds something else than its name says.")
    assert not (machine.root / STATE / "library.sh").exists()


def test_a_library_that_cannot_be_unpacked_is_not_run(machine: Machine) -> None:
    machine.cloud.library = "no program"
    result = machine.run(LIBRARY_SECONDS="0")
    assert_failed(machine, result.returncode, f"{LIBRARY} holds something else than its name says.")


def test_without_an_image_the_repository_is_built_with_swap(machine: Machine) -> None:
    assert machine.run(**TO_BUILD).returncode == 0
    (clone,) = machine.commands("git")
    assert clone.startswith("clone\t--depth\t1\t--branch\tmain\t--\thttps://example.org/")
    app = machine.root / "home/ubuntu/app"
    assert f"build\t-t\tnest-backend\t{app}" in machine.commands("docker")
    (run,) = [call for call in machine.commands("docker") if call.startswith("run")]
    assert run.endswith("\tnest-backend")
    assert (app / "Dockerfile").read_text().startswith("FROM public.ecr.aws/")
    assert len(machine.commands("mkswap")) == 1


def test_a_repositorys_own_dockerfile_and_existing_swap_stay(machine: Machine) -> None:
    machine.note("own-dockerfile")
    machine.note("swap")
    assert machine.run(**TO_BUILD).returncode == 0
    assert (machine.root / "home/ubuntu/app/Dockerfile").read_text() == "FROM own\n"
    assert machine.commands("mkswap") == []


def test_a_broken_build_fails(machine: Machine) -> None:
    machine.note("fail-build")
    result = machine.run(**TO_BUILD)
    assert_failed(machine, result.returncode, "BUILDING THE DOCKER IMAGE", "BackendImage")


def test_a_second_run_on_the_same_machine_succeeds(machine: Machine) -> None:
    logs = ""
    for _ in range(2):
        assert machine.run(**TO_BUILD).returncode == 0
        logs += machine.log()
    assert machine.cloud.signals() == ["SUCCESS"] * 2
    assert machine.cloud.shipped() == logs.splitlines()
    assert len(machine.commands("apt-get")) == 2
