"""The load balancer: HAProxy in each of its subnets, from listeners, rules and target groups."""

from __future__ import annotations

import csv
import io
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.errors import ClinicError
from generator.twin.certificates import Authority
from generator.twin.deployed import Deployed
from generator.twin.namespaces import spawn
from generator.twin.wiring import BALANCER, Interface, Wiring

ELB = "AWS::ElasticLoadBalancingV2::"
SLOTS = 24
"""Targets that a target group has room for: more than the largest group has."""
PATIENCE = 10.0
IDLE = 60
"""Seconds without traffic after which the balancer closes a connection, unless it says others."""
BAD_GATEWAY = (
    "HTTP/1.1 502 Bad Gateway\r\nServer: awselb/2.0\r\nContent-Length: 0\r\n"
    "Content-Type: text/html\r\n\r\n"
)
"""HAProxy says 503 where the balancer says 502."""


@dataclass
class Target:
    """One registered instance."""

    slot: int
    address: str
    was_healthy: bool = False
    draining: bool = False


@dataclass
class Balancer:
    """The running balancer, one HAProxy an interface."""

    folder: Path
    nodes: list[Interface]
    groups: dict[str, int]
    """Port by target group, of those that somebody is registered with."""
    drain: float
    """Seconds that a target has before it is cut off."""
    interval: float
    """Seconds between two health checks."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    targets: dict[str, Target] = field(default_factory=dict)
    """By instance id."""

    def ask(self, command: str) -> list[str]:
        """Each node's answer to a command of HAProxy's."""
        return [_command(self.folder / f"{node.name}.sock", command) for node in self.nodes]

    def register(self, instance: str, address: str) -> None:
        """Make an instance a target of every group of the Auto Scaling group's."""
        taken = {target.slot for target in self.targets.values()}
        slot = next(number for number in range(1, SLOTS + 1) if number not in taken)
        self.targets[instance] = Target(slot, address)
        for group, port in self.groups.items():
            for server in (f"{group}/s{slot}", f"open_{group}/s{slot}"):
                self.ask(f"set server {server} addr {address} port {port}")
            for server in (f"{group}/s{slot}", f"open_{group}/s{slot}"):
                self.ask(f"set server {server} state ready")
            # What becomes ready counts as healthy, which a new target is not.
            self.ask(f"set server {group}/s{slot} health down")

    def deregister(self, instance: str) -> None:
        """Send nothing new to a target."""
        target = self.targets[instance]
        target.draining = True
        for group in self.groups:
            self.ask(f"set server {group}/s{target.slot} state drain")
            self.ask(f"set server open_{group}/s{target.slot} state maint")

    def forget(self, instance: str) -> None:
        """Cut a target off."""
        target = self.targets.pop(instance)
        for group in self.groups:
            self.ask(f"set server {group}/s{target.slot} state maint")
            self.ask(f"shutdown sessions server {group}/s{target.slot}")

    def health(self) -> dict[str, str]:
        """Target health by instance, in the balancer's words: healthy when every node says so."""
        tables = [_statistics(text) for text in self.ask("show stat")]
        states = {}
        for instance, target in list(self.targets.items()):
            rows = [table[group, f"s{target.slot}"] for table in tables for group in self.groups]
            healthy = all(row["status"].startswith("UP") for row in rows)
            target.was_healthy |= healthy
            unhealthy = "unhealthy" if target.was_healthy else "initial"
            states[instance] = (
                "draining" if target.draining else "healthy" if healthy else unhealthy
            )
        return states


def start(
    deployed: Deployed,
    wiring: Wiring,
    authority: Authority,
    quick: float = 0,
    minute: float = 60.0,
) -> Balancer:
    """Start a node in each subnet of the balancer's; ``quick`` are the seconds between two health
    checks instead of the target group's, ``minute`` those of a minute of draining and idling."""
    folder = authority.folder.parent / "balancer"
    folder.mkdir()
    (folder / "502.http").write_text(BAD_GATEWAY)
    host = deployed.outputs.get("AlbDnsName", "") or "balancer"
    pair = authority.sign("balancer", [host])
    (folder / "tls.pem").touch(mode=0o600)
    (folder / "tls.pem").write_text(pair.certificate.read_text() + pair.key.read_text())
    _, scaling = deployed.the("AWS::AutoScaling::AutoScalingGroup")
    groups = deployed.of_type(f"{ELB}TargetGroup")
    used = [deployed.named(arn) for arn in scaling["TargetGroupARNs"]]
    drains = [_attributes(groups[n]).get("deregistration_delay.timeout_seconds", 300) for n in used]
    made = Balancer(
        folder,
        wiring.of_kind(BALANCER),
        {name: int(groups[name]["Port"]) for name in used},
        max(map(float, drains)) * minute / 60,
        quick or max(float(groups[n].get("HealthCheckIntervalSeconds", 30)) for n in used),
    )
    for node in made.nodes:
        path = folder / f"{node.name}.cfg"
        path.write_text("\n".join(configuration(deployed, node, folder, quick, minute)) + "\n")
        command = ["haproxy", "-db", "-f", str(path)]
        made.processes.append(spawn(node.name, command, folder / f"{node.name}.log"))
    _wait(made)
    return made


def _wait(balancer: Balancer) -> None:
    end = time.monotonic() + PATIENCE
    sockets = [balancer.folder / f"{node.name}.sock" for node in balancer.nodes]
    while not all(path.exists() for path in sockets):
        dead = [one for one in balancer.processes if one.poll() is not None]
        if dead or time.monotonic() > end:
            log = balancer.folder / f"{balancer.nodes[0].name}.log"
            raise ClinicError(f"HAProxy did not start: {log.read_text()[-600:]}", exit_code=1)
        time.sleep(0.05)


def _command(path: Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(path))
        link.sendall(command.encode() + b"\n")
        parts = []
        while part := link.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


def _statistics(text: str) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
    return {(row["pxname"], row["svname"]): row for row in rows}


def _attributes(given: Mapping[str, Any], key: str = "TargetGroupAttributes") -> dict[str, str]:
    return {one["Key"]: str(one["Value"]) for one in given.get(key, [])}


def configuration(
    deployed: Deployed, node: Interface, folder: Path, quick: float, minute: float = 60.0
) -> Iterator[str]:
    """HAProxy's configuration for one node."""
    balancer = deployed.of_type(f"{ELB}LoadBalancer")[node.owner]
    known = _attributes(balancer, "LoadBalancerAttributes")
    idle = round(float(known.get("idle_timeout.timeout_seconds", IDLE)) * minute * 1000 / 60)
    yield f"global\n stats socket {folder}/{node.name}.sock mode 600 level admin\n maxconn 4000"
    yield " tune.bufsize 65536"  # the balancer's limit of a request's headers is 64 KB
    yield "defaults\n mode http\n retries 0\n option forwardfor\n option http-keep-alive"
    yield f" timeout connect 10s\n timeout client {idle}ms\n timeout server {idle}ms"
    yield " log stdout format raw local0\n option httplog"
    for name, given in deployed.of_type(f"{ELB}Listener").items():
        yield from _listener(deployed, name, given, node, folder)
    for name, given in deployed.of_type(f"{ELB}TargetGroup").items():
        yield from _target_group(name, given, folder, quick)


def _listener(
    deployed: Deployed, name: str, given: Mapping[str, Any], node: Interface, folder: Path
) -> Iterator[str]:
    protocol = given["Protocol"].lower()
    tls = f" ssl crt {folder}/tls.pem" if protocol == "https" else ""
    yield f"frontend {name}\n bind {node.address}:{given['Port']}{tls}"
    yield f" http-request set-header X-Forwarded-Proto {protocol}"
    yield f" http-request set-header X-Forwarded-Port {given['Port']}"
    rules = sorted(
        (
            one
            for one in deployed.of_type(f"{ELB}ListenerRule").values()
            if deployed.named(one["ListenerArn"]) == name
        ),
        key=lambda one: int(one["Priority"]),
    )
    yield " http-request set-var(txn.rule) str(default)"
    # The rule of the lowest priority wins: set last, from the highest on.
    for number, rule in reversed(list(enumerate(rules))):
        labels = []
        for part, condition in enumerate(rule["Conditions"]):
            label = f"c{number}_{part}"
            yield f" acl {label} {_condition(condition)}"
            labels.append(label)
        yield f" http-request set-var(txn.rule) str(r{number}) if {' '.join(labels)}"
    chosen = [("default", given["DefaultActions"])]
    chosen += [(f"r{number}", rule["Actions"]) for number, rule in enumerate(rules)]
    forwards = []
    for label, actions in chosen:
        test = f"{{ var(txn.rule) -m str {label} }}"
        lines = list(_action(deployed, actions, test))
        if lines[0].startswith(" use_backend"):
            forwards += lines
        else:
            yield from lines
    yield from forwards


def _condition(given: Mapping[str, Any]) -> str:
    kind = given["Field"]
    values = [str(value) for value in given.get("Values", [])]
    for key, inner in given.items():
        if key.endswith("Config"):
            values = [str(value) for value in inner["Values"]]
    if kind == "path-pattern":
        return "path -m reg -- " + _words(map(_pattern, values))
    if kind == "host-header":
        return "hdr(host) -i -- " + _words(values)
    if kind == "http-header":
        header = given["HttpHeaderConfig"]["HttpHeaderName"]
        return f"req.hdr({header}) -m str -- " + _words(values)
    if kind == "source-ip":
        return "src -- " + _words(values)
    raise ClinicError(f"a listener rule's condition {kind} is nothing that the twin can enact.")


def _words(values: Iterable[str]) -> str:
    """Words of HAProxy's, whatever is in them."""
    return " ".join("'" + value.replace("'", "'\\''") + "'" for value in values)


def _pattern(value: str) -> str:
    return "^" + value.replace(".", "\\.").replace("*", ".*").replace("?", ".") + "$"


def _action(deployed: Deployed, actions: list[dict[str, Any]], test: str) -> Iterator[str]:
    action = actions[-1]
    kind = action["Type"]
    if kind == "forward":
        arn = (
            action.get("TargetGroupArn")
            or (action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"])
        )
        group = deployed.named(arn)
        # With no healthy target the balancer asks all of them.
        yield f" use_backend open_{group} if {test} {{ nbsrv({group}) eq 0 }}"
        yield f" use_backend {group} if {test}"
    elif kind == "fixed-response":
        given = action["FixedResponseConfig"]
        text = str(given.get("MessageBody", "")).replace('"', '\\"')
        kind = given.get("ContentType", "text/plain")
        # HAProxy takes no empty text.
        body = f' content-type {kind} string "{text}"' if text else ""
        yield f" http-request return status {given['StatusCode']}{body} if {test}"
    elif kind == "redirect":
        given = action["RedirectConfig"]
        code = given["StatusCode"].removeprefix("HTTP_")
        protocol = given.get("Protocol", "#{protocol}").lower()
        yield f" http-request redirect code {code} prefix {protocol}://%[hdr(host)] if {test}"
    else:
        raise ClinicError(f"a listener's action {kind} is nothing that the twin can enact.")


def _target_group(name: str, given: Mapping[str, Any], folder: Path, quick: float) -> Iterator[str]:
    attributes = _attributes(given)
    algorithm = attributes.get("load_balancing.algorithm.type", "round_robin")
    balance = {"round_robin": "roundrobin", "least_outstanding_requests": "leastconn"}[algorithm]
    port, check = given["Port"], str(given.get("HealthCheckPort", "traffic-port"))
    interval = quick or int(given.get("HealthCheckIntervalSeconds", 30))
    codes = str(given.get("Matcher", {}).get("HttpCode", "200"))
    yield f"backend {name}\n balance {balance}\n http-reuse always"
    yield f" errorfile 503 {folder}/502.http\n option httpchk"
    path = given.get("HealthCheckPath", "/")
    yield f" http-check send meth GET uri {path} ver HTTP/1.1 hdr Host twin"
    yield f" http-check expect status {codes}"
    yield f" timeout check {given.get('HealthCheckTimeoutSeconds', 5)}s"
    where = "" if check == "traffic-port" else f" port {check}"
    yield (
        f" default-server inter {round(interval * 1000)}ms fall "
        f"{given.get('UnhealthyThresholdCount', 2)} rise {given.get('HealthyThresholdCount', 5)} "
        f"check{where} maxconn 500 init-addr none"
    )
    yield f" server-template s {SLOTS} 0.0.0.0:{port} disabled"
    yield f"backend open_{name}\n balance roundrobin\n errorfile 503 {folder}/502.http"
    yield f" server-template s {SLOTS} 0.0.0.0:{port} disabled"
