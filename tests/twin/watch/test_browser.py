"""The page of a twin that runs, in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.twin.conftest import NotStoodUpWarning

LIMIT = 240.0
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
NO_BROWSER = "chromium is not here: apt-get install --no-install-recommends chromium"
VISITOR = r"""#!/bin/sh
# Somebody outside: asks the site, and knocks at a door that no rule opens.
host=$(grep -o '[a-z0-9]*[.]cloudfront[.]net' /etc/hosts | head -1)
for path in /api /api /api/pacientes?name=secret; do
    curl -s -m 20 -o /dev/null --cacert "$AWS_CA_BUNDLE" "https://$host$path"
done
balancer=$(grep -o '^203[.]0[.]113[.][0-9]*' /etc/hosts | head -1)
curl -s -m 1 -o /dev/null "http://$balancer:22/"
"$PYTHON" -c '
import boto3
groups = boto3.client("autoscaling")
[group] = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
groups.set_desired_capacity(
    AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=3
)' && touch "$DONE"
while [ ! -e "$STOP" ]; do sleep 0.1; done
"""
TAGS = re.compile("<[^>]+>")


@pytest.fixture
def browser() -> str:
    """A browser without a window."""
    if not BROWSER:
        warnings.warn(f"the page was NOT SEEN here: {NO_BROWSER}", NotStoodUpWarning, stacklevel=1)
        pytest.skip(NO_BROWSER)  # said loudly by the warning above
    return BROWSER


def text_of(browser: str, address: str, folder: Path, *more: str) -> tuple[str, list[str]]:
    """The document as it is after some seconds, and what the browser's console has."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    options += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", *more]
    ended = subprocess.run(
        [browser, *options, "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    console = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
    return ended.stdout, console


def rows(document: str, table: str) -> list[str]:
    """The text of each row of a table, its cells with a blank between them."""
    found = re.search(rf'<tbody id="{table}"[^>]*>(.*?)</tbody>', document, re.DOTALL)
    assert found
    return [" ".join(TAGS.sub(" ", row).split()) for row in found[1].split("</tr>")[:-1]]


@contextmanager
def standing(folder: Path) -> Iterator[str]:
    """The address of the page of a twin with a visitor, who is done and wants a third instance."""
    visitor, done, stop = folder / "visitor", folder / "done", folder / "stop"
    visitor.write_text(VISITOR)
    visitor.chmod(0o755)
    log = folder / "log"
    words = ["twin", "seed", "--quick", "--shell", "--watch", "--json"]
    extra = {"SHELL": str(visitor), "DONE": str(done), "STOP": str(stop), "PYTHON": sys.executable}
    with log.open("w") as stream:
        twin = subprocess.Popen(
            [sys.executable, "-m", "generator", *words],
            cwd=ROOT,
            env={**os.environ, **extra},
            stdout=stream,
            stderr=stream,
        )
    try:
        until(done.exists, log, twin)
        told = [json.loads(line) for line in log.read_text().splitlines()]
        [address] = [one["address"] for one in told if one["kind"] == "watch"]
        yield address
    finally:
        stop.touch()
        twin.wait(30)


def until(test: Any, log: Path, twin: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LIMIT
    while not test():
        assert twin.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def states(address: str) -> list[str]:
    with urllib.request.urlopen(f"{address}state.json", timeout=20) as response:
        return [one["state"] for one in json.load(response)["instances"]]


@pytest.mark.usefixtures("daemons")
def test_a_browser_shows_what_the_twin_does_and_nothing_is_left_after_it(
    browser: str, tmp_path: Path
) -> None:
    with standing(tmp_path) as address:
        end = time.monotonic() + LIMIT
        while states(address) != ["in service"] * 3:
            assert time.monotonic() < end, states(address)
            time.sleep(0.5)
        document, console = text_of(browser, address, tmp_path)
        assert console == []  # a script or style that the policy refuses would be here
        instances = rows(document, "instances")
        assert len(instances) == 3
        assert all("in service" in row and "us-east-1" in row for row in instances)
        assert len(re.findall('class="token in-service"', document)) == 3
        assert {"/api 200 2", "/api/pacientes 401 1"} <= set(rows(document, "requests"))
        assert "secret" not in document
        [dropped] = rows(document, "dropped")
        assert re.fullmatch(r"LoadBalancer: inbound, no rule [1-9]\d*", dropped)
        allowed = {row.rpartition(" ")[0] for row in rows(document, "allowed")}
        assert "BackendSecurityGroup: tcp 3000 from AlbSecurityGroup" in allowed
        assert "3 in service, 3 desired, 2 to 4 allowed" in document
        assert re.search(r"CPU \d+\.\d % of 40 %</text>", document)
        narrow, console = text_of(browser, address, tmp_path, "--window-size=400,800")
        assert (len(rows(narrow, "instances")), console) == (3, [])
    with pytest.raises(urllib.error.URLError):
        states(address)
