"""A machine with a real Docker and real rules, and a balancer's side of its network.

That takes root, and dockerd, nft, iptables, ip and node on this machine; `lacking` says what is not
there.
"""

import ctypes
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .cloud import INSTANCE as INSTANCE_ID
from .cloud import Cloud
from .conftest import in_place
from .machine import STATE, Machine
from .place import own_network

NEEDS = ("dockerd", "docker", "nft", "iptables", "ip", "node", "ldd", "nsenter", "unshare")
IMAGE = "backend:real"
INSTANCE, BALANCER = "10.199.0.1", "10.199.0.2"
LOAD = Path(__file__).with_name("load.py")

BACKEND = """
const fs = require('fs'), file = 'docs-0d3nt/letter';
if (process.env.DOCUMENT) fs.writeFileSync(file, process.env.DOCUMENT);
if (process.env.BROKEN) process.exit(3);
setTimeout(() => require('http').createServer((request, response) => setTimeout(() => {
    const letter = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : 'none';
    response.end(`${process.env.GREETING} ${letter} ${process.env.DB_USERNAME}`);
}, 20)).listen(3000), 300);
"""
"""A backend that starts slowly, answers slowly, and keeps a document beside itself."""

# Docker without its log driver for AWS, and with an image that no registry has.
DOCKER = """#!/bin/bash
if [[ "$1" == pull ]]; then exit; fi
words=()
while (($#)); do
    case "$1" in --log-driver | --log-opt) shift ;; *) words+=("$1") ;; esac
    shift
done
if [[ "${{words[0]}}" == run ]]; then
    mapfile -t more <{options}
    words=(run "${{more[@]}}" "${{words[@]:1}}")
fi
exec {docker} "${{words[@]}}"
"""


def lacking() -> str:
    """Return what is missing for a real Docker here; nothing if all is there."""
    if os.geteuid() != 0:
        return "not root"
    return ", ".join(name for name in NEEDS if not shutil.which(name))


class DockerHost:
    """The machine, its daemon and the balancer beside it."""

    def __init__(self, machine: Machine, root: Path, stack: ExitStack) -> None:
        """Join the two networks and start the daemon."""
        self.machine, self.root = machine, root
        self.socket = f"unix://{root}/docker.sock"
        (root / "run-options").touch()
        shutil.copy("/etc/hosts", root / "hosts")
        with_hosts = f'{shutil.which("mount")} --bind {root}/hosts /etc/hosts && exec "$@"'
        inside = (
            str(shutil.which("unshare")),
            "-m",
            str(shutil.which("sh")),
            "-c",
            with_hosts,
            "-",
        )
        machine.place = replace(machine.place, prefix=(*machine.place.prefix, *inside))
        self.enter = machine.place.prefix
        keeper = stack.enter_context(
            subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE)
        )
        stack.callback(keeper.kill)
        self.balancer = ("nsenter", "-t", str(keeper.pid), "-n", "--")
        time.sleep(0.1)
        for words in (
            f"link add in0 type veth peer name lb0 netns {keeper.pid}",
            f"addr add {INSTANCE}/24 dev in0",
            "link set in0 up",
        ):
            subprocess.run([*self.enter, "ip", *words.split()], check=True)
        for words in (f"addr add {BALANCER}/24 dev lb0", "link set lb0 up"):
            subprocess.run([*self.balancer, "ip", *words.split()], check=True)
        self.daemon: subprocess.Popen[bytes] | None = None
        stack.callback(self.stop)
        self.start()

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        options = ["--data-root", self.root / "data", "--exec-root", self.root / "exec"]
        options += ["-H", self.socket, "--pidfile", self.root / "pid", "--storage-driver", "vfs"]
        with (self.root / "dockerd.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [*self.enter, "unshare", "-m", "dockerd", *map(str, options)],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while not self.docker("info", check=False):
            assert time.monotonic() < deadline, (self.root / "dockerd.log").read_text()[-2000:]
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the daemon, and its containers with it."""
        if self.daemon:
            for name in self.docker("ps", "-q", check=False).split():
                self.docker("kill", name, check=False)
            self.daemon.terminate()
            self.daemon.wait(60)
            self.daemon = None

    def docker(self, *words: str, check: bool = True, given: bytes | None = None) -> str:
        """Return what a command of Docker says."""
        return subprocess.run(
            ["docker", "-H", self.socket, *words],
            input=given,
            stdout=subprocess.PIPE,
            stderr=None if check else subprocess.DEVNULL,
            check=check,
        ).stdout.decode()

    def ask(self) -> str:
        """Return what the balancer gets, an empty text for no answer."""
        command = [*self.balancer, "curl", "-sS", "-m", "5", f"http://{INSTANCE}:3000/api"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def serving(self) -> str:
        """Return the settings of the container that serves."""
        return (self.machine.root / STATE / "backend.env").read_text()

    def knows(self, name: str, address: str) -> None:
        """Give a name an address, for this instance and its containers."""
        (self.root / "hosts").write_text(f"127.0.0.1 localhost\n{address} {name}\n")
        (self.root / "run-options").write_text(f"--add-host\n{name}:{address}\n")

    def listen(self, address: str, port: int) -> socket.socket:
        """Return a socket that listens in this instance's network."""
        made: list[socket.socket] = []

        def enter() -> None:
            with open(f"/proc/{self.enter[2]}/ns/net") as network:
                # Of this thread alone, which ends with it.
                assert ctypes.CDLL(None).setns(network.fileno(), 0) == 0
            made.append(socket.create_server((address, port)))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def load(self, *how: str) -> "subprocess.Popen[str]":
        """Start a balancer's requests (load.py's arguments), which go on until its input ends."""
        command = [*self.balancer, sys.executable, str(LOAD), INSTANCE, *how]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def image(application: dict[str, bytes]) -> bytes:
    """Return a root file system of this machine's node and the files of an application."""
    node = Path(str(shutil.which("node"))).resolve()
    said = subprocess.run(["ldd", node], capture_output=True, text=True, check=True).stdout
    libraries = set(re.findall(r"(/\S+) \(", said))
    files = {name: Path(name).read_bytes() for name in libraries}
    files |= {"/usr/bin/node": node.read_bytes()}
    files |= {f"/app/{name}": content for name, content in application.items()}
    folders = {str(folder) for name in files for folder in Path(name).parents}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in sorted({*files, *folders} - {"/"}):
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.mode, entry.size = 0o755, len(files.get(name, b""))
            entry.type = tarfile.REGTYPE if name in files else tarfile.DIRTYPE
            tar.addfile(entry, io.BytesIO(files.get(name, b"")))
    return made.getvalue()


@contextmanager
def docker_host(
    root: Path,
    application: dict[str, bytes] | None = None,
    cloud: Cloud | None = None,
    instance: str = INSTANCE_ID,
) -> Iterator[DockerHost]:
    """Yield a machine that can boot with a real Docker, and with an application as its image."""
    with (
        own_network(containers=True) as place,
        in_place(root, place, cloud, instance) as machine,
        # Not under pytest's folders: another run clears those away, and what is mounted in them.
        TemporaryDirectory(prefix="clinic-docker", ignore_cleanup_errors=True) as folder,
        ExitStack() as stack,
    ):
        host = DockerHost(machine, Path(folder), stack)
        for tool in (machine.root / "later").iterdir():
            tool.rename(machine.root / "bin" / tool.name)
        (machine.root / "bin/docker").write_text(
            DOCKER.format(docker=shutil.which("docker"), options=host.root / "run-options")
        )
        (machine.root / "bin/nft").unlink()
        (machine.root / "bin/nft").symlink_to(str(shutil.which("nft")))
        words = ["-c", "WORKDIR /app", "-c", "USER 1000", "-c", 'CMD ["/usr/bin/node", "main.js"]']
        host.docker(
            "import", *words, "-", IMAGE, given=image(application or {"main.js": BACKEND.encode()})
        )
        yield host
