"""A publication in a process of its own, which can be killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from botocore.loaders import create_loader

from generator.application.publish.publish import Wishes, publish
from generator.cloud.aws import Aws, connect

from .proxy import Proxy
from .sites import STACK

# Each child is a fork of a server that has imported everything, and has no thread yet.
SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload([__name__, "generator.application.publish.bring"])
PATIENCE = 300
"""Seconds that no run takes."""
LOADER = create_loader()
for service in ("cloudformation", "cloudfront"):
    LOADER.load_service_model(service, "service-2")
    LOADER.load_service_model(service, "endpoint-rule-set-1")


def connected(given: dict[str, str]) -> Aws:
    """A connection that does not read the descriptions of the services anew."""
    aws = connect(variables=given)
    aws.session._session.register_component("data_loader", LOADER)
    return aws


def child(given: dict[str, str], dist: Path, keep: timedelta) -> None:
    publish(lambda: connected(given), STACK, dist, Wishes(keep=keep))


def run(proxy: Proxy, given: dict[str, str], dist: Path, keep: timedelta) -> int:
    """Publish through the proxy, which may kill this; the process's exit code."""
    through = {**given, "AWS_ENDPOINT_URL": proxy.url}
    process: Any = SPAWN.Process(target=child, args=(through, dist, keep))
    started = Event()
    proxy.kill = _killer(process, started)
    process.start()
    started.set()
    process.join(PATIENCE)
    assert process.exitcode is not None, "it hangs"
    code: int = process.exitcode
    process.close()
    return code


def _killer(process: Any, started: Event) -> Callable[[], None]:
    def kill() -> None:
        started.wait(PATIENCE)
        # Other calls of the same process were on their way, and it may be gone by now.
        with suppress(ValueError):
            process.kill()

    return kill
