"""Stand-ins of CDN and balancer in front of the container: real nginx and HAProxy, with what the
template says of them and the limits that AWS documents."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.resolved import of_type

SITE = "site.invalid"
SECONDS = 60
"""How long the balancer lets a connection be idle by default."""
PATIENCE = 60.0

# CloudFront: bodies up to 50 GB, streamed; 32,768 bytes of request without its body.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
CDN = """
daemon off; user root; worker_processes 1; pid FOLDER/nginx.pid; error_log FOLDER/nginx.log;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
  client_max_body_size 50g; large_client_header_buffers 4 32k;
  server {
    listen 127.0.0.1:443 ssl; server_name SITE;
    ssl_certificate FOLDER/cdn.crt; ssl_certificate_key FOLDER/cdn.key;
LOCATIONS
    location / { return 404; }
  }
}
"""
LOCATION = """
    location ~ PATTERN {
      if ($request_method !~ ^(METHODS)$) { return 403; }
      proxy_pass http://127.0.0.1:80; proxy_http_version 1.1; proxy_request_buffering off;
      proxy_set_header Connection ''; proxy_set_header Host HOST;
      proxy_connect_timeout 10s; proxy_read_timeout READs; proxy_next_upstream off;
    }
"""
# The balancer has no limit of a body's size to instances; headers of 64 kB in all.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
BALANCER = """
global
  tune.bufsize 65536
defaults
  mode http
  retries 0
  timeout connect 10s
  timeout client SECONDSs
  timeout server SECONDSs
  option http-keep-alive
frontend http
  bind 127.0.0.1:80
  default_backend group
backend group
  http-reuse always
  option httpchk
  http-check send meth GET uri PATH
  http-check expect status CODES
  server instance TARGET check inter INTERVALs fall DOWN rise UP
"""


def _locations() -> str:
    [distribution] = of_type("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    [origin] = [origin for origin in config["Origins"] if origin["Id"] == "backend"]
    text = ""
    for behaviour in config["CacheBehaviors"]:
        assert behaviour["TargetOriginId"] == "backend"
        pattern = re.escape(behaviour["PathPattern"]).replace("\\*", ".*")
        values = {
            "PATTERN": f"^{pattern}$",
            "METHODS": "|".join(behaviour["AllowedMethods"]),
            "READ": str(origin["CustomOriginConfig"]["OriginReadTimeout"]),
            "HOST": "$host",
        }
        text += _filled(LOCATION, values)
    return text


def _balancer(target: str) -> str:
    group = of_type("AWS::ElasticLoadBalancingV2::TargetGroup")["TargetGroup"]
    values: dict[str, Any] = {
        "PATH": group["HealthCheckPath"],
        "CODES": group["Matcher"]["HttpCode"],
        "TARGET": f"{target}:{group['Port']}",
        "INTERVAL": group["HealthCheckIntervalSeconds"],
        "DOWN": group["UnhealthyThresholdCount"],
        "UP": group["HealthyThresholdCount"],
        "SECONDS": SECONDS,
    }
    return _filled(BALANCER, values)


def _filled(text: str, values: dict[str, Any]) -> str:
    return re.sub(r"\b[A-Z]{2,}(?=s?\b)", lambda m: str(values.get(m[0], m[0])), text)


@contextmanager
def edge(folder: Path, inside: Sequence[str], target: str) -> Iterator[list[str]]:
    """Yield curl's options for the site; ``inside`` enters the network of the target's address."""
    folder.mkdir()
    certificate: list[str | Path] = [
        "openssl", "req", "-new", "-x509", "-nodes", "-subj", f"/CN={SITE}", "-newkey", "rsa:2048",
        "-keyout", folder / "cdn.key", "-out", folder / "cdn.crt",
    ]  # fmt: skip
    subprocess.run(certificate, check=True, capture_output=True)
    locations = {"FOLDER": folder, "SITE": SITE, "LOCATIONS": _locations()}
    (folder / "cdn.conf").write_text(_filled(CDN, locations))
    (folder / "balancer.cfg").write_text(_balancer(target))
    commands: list[list[str | Path]] = [
        ["haproxy", "-db", "-f", folder / "balancer.cfg"],
        ["nginx", "-c", folder / "cdn.conf", "-e", folder / "nginx.log"],
    ]
    options = ["--cacert", str(folder / "cdn.crt"), "--resolve", f"{SITE}:443:127.0.0.1"]
    with ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{command[0]}.out").open("wb"))
            enter = [*inside, "setpriv", "--pdeathsig", "TERM"]
            process = stack.enter_context(
                subprocess.Popen([*enter, *command], stdout=log, stderr=log)
            )
            stack.callback(process.terminate)
        _wait([*inside, "curl", "-sf", "-m", "5", *options, f"https://{SITE}/api"], folder)
        yield options


def _wait(command: list[str], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(command, capture_output=True).returncode:
        said = "\n".join(log.read_text() for log in folder.glob("*.out"))
        assert time.monotonic() < deadline, f"the site does not answer: {said}"
        time.sleep(0.2)
