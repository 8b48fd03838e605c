"""The network that a machine is born into: one of its own, in which it owns the metadata address.

That takes a user namespace (or root) and a network namespace. Where the kernel gives none, the
machine shares this one's loopback and is told other addresses; `why_not` says so, the fixtures
warn of it, and the end of the test run repeats it.
"""

import array
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from .cloud import AWS, HEALTH, METADATA

ADDRESSES = {METADATA: ("169.254.169.254", 80), HEALTH: ("0.0.0.0", 3000), AWS: ("127.0.0.1", 0)}
"""Where an instance finds its metadata and its containers; AWS is anywhere."""

INSIDE = """
import fcntl, socket, struct, sys
UP, SET_FLAGS, SET_ADDRESS = 0x41, 0x8914, 0x8916
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH22x", b"lo", UP))
    for number, host in enumerate(HOSTS):
        address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(host))
        label = f"lo:{number}".encode()
        fcntl.ioctl(any_socket, SET_ADDRESS, struct.pack("16s16s8x", label, address))
listeners = []
for host, port in ADDRESSES:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listeners.append(listener)
parent = socket.socket(fileno=int(sys.argv[1]))
socket.send_fds(parent, [b"ready"], [listener.fileno() for listener in listeners])
sys.stdin.read()
"""
"""Sets the network up, hands its sockets to whoever serves them, and keeps it until stdin ends."""


class NoNamespaceError(Exception):
    """The kernel gives this user no network of its own; the text says why."""


@dataclass(frozen=True)
class Place:
    """Where a machine's network is."""

    listeners: dict[frozenset[str], socket.socket]
    """Bound sockets by what is to be answered there."""
    prefix: tuple[str, ...] = ()
    """The command that runs another one in this place."""

    @property
    def is_own(self) -> bool:
        """Whether the machine owns 169.254.169.254 here."""
        return bool(self.prefix)


@contextmanager
def own_network(containers: bool = False) -> Iterator[Place]:
    """Yield a network namespace with its sockets bound; NoNamespaceError if there is none.

    `containers`: with room for real ones, which takes root, instead of somebody in their place.
    """
    unshare, nsenter = shutil.which("unshare"), shutil.which("nsenter")
    if not unshare or not nsenter:
        raise NoNamespaceError("unshare and nsenter (util-linux) are not installed")
    ours, theirs = socket.socketpair()
    addresses = {role: ADDRESSES[role] for role in ADDRESSES if not containers or role != HEALTH}
    hosts = ["169.254.169.254", *([] if containers else ["198.18.0.2", "198.18.0.3"])]
    program = INSIDE.replace("ADDRESSES", repr(list(addresses.values())))
    program = program.replace("HOSTS", repr(hosts))
    command = [
        unshare,
        "-n" if containers else "-rn",
        sys.executable,
        "-ISc",
        program,
        str(theirs.fileno()),
    ]
    with (
        ours,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[theirs.fileno()]
        ) as keeper,
    ):
        theirs.close()
        sockets = _received(ours, len(addresses))
        if not sockets:
            assert keeper.stderr
            raise NoNamespaceError(keeper.stderr.read().decode().strip() or "unshare failed")
        roles = (frozenset({role}) for role in addresses)
        user = () if containers else ("-U", "--preserve-credentials")
        enter = (nsenter, "-t", str(keeper.pid), "-n", *user, "--")
        yield Place(dict(zip(roles, sockets, strict=True)), enter)
        assert keeper.stdin
        keeper.stdin.close()


def _received(ours: socket.socket, count: int) -> list[socket.socket]:
    size = count * array.array("i").itemsize
    _, descriptors, _, _ = socket.recv_fds(ours, 16, size)
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


@contextmanager
def shared_network() -> Iterator[Place]:
    """Yield this machine's loopback, where one port answers everything."""
    listener = socket.socket()
    listener.bind(("0.0.0.0", 0))
    yield Place({frozenset(ADDRESSES): listener})


@cache
def why_not() -> str:
    """Return why there is no network of its own here; nothing if there is."""
    try:
        with own_network():
            return ""
    except NoNamespaceError as error:
        return str(error)
