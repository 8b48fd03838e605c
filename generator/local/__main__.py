"""The child process: the emulator on 127.0.0.1 for as long as standard input stays open.

The first line of standard input is the secret of all accounts: unlike arguments and variables,
nobody else reads it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from importlib import import_module

SETTINGS = {
    "MINISTACK_HOST": "127.0.0.1",
    "LOG_LEVEL": "CRITICAL",
    # No listener but ours, and no hand on the containers of the person's machine.
    "SFTP_ENABLED": "0",
    "IOT_MTLS_ENABLED": "0",
    "DOCKER_HOST": "unix:///nonexistent",
    # Nor may a call to ourselves take the way out of the house.
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def main(account: str, region: str) -> None:
    """Print the port, then serve on it until the parent closes our standard input or dies."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = str(listener.getsockname()[1])
    # The emulator reads its settings while it is imported, and engine imports it.
    scope = {"MINISTACK_ACCOUNT_ID": account, "MINISTACK_REGION": region}
    # For the functions that run here, and for the endpoint's calls to itself.
    secret = os.environ["AWS_SECRET_ACCESS_KEY"] = sys.stdin.readline().strip()
    os.environ.update(SETTINGS, GATEWAY_PORT=port, **scope)
    from generator.local import (
        authentication,
        engine,
        origin,
        refreshes,
        repairs,
        resources,
        stack_sets,
    )

    for part in (engine, resources, repairs, origin, refreshes, stack_sets):
        part.install()
    config = import_module("hypercorn.config").Config()
    config.bind, config.loglevel = [f"fd://{listener.detach()}"], "CRITICAL"
    tempfile.tempdir = tempfile.mkdtemp(prefix="clinic-")
    threading.Thread(target=_end_with_parent, args=(tempfile.tempdir,), daemon=True).start()
    print(port, flush=True)
    serve = import_module("hypercorn.asyncio").serve
    app = authentication.only_signed(import_module("ministack.app").app, secret)
    asyncio.run(serve(app, config))


def _end_with_parent(folder: str) -> None:
    """Leave nothing behind: neither a file nor an interpreter that ran a custom resource."""
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
