"""Network namespaces: sockets, threads and programs inside them.

All of them live in the namespaces of one process (see `own_world`), so that whatever ends it leaves
nothing on the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from glob import glob
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn, TypeVar

from generator.errors import ClinicError

T = TypeVar("T")
SCRATCH = Path("/run/twin")
"""A file system in memory that only the twin's own mount namespace has."""
INSIDE = "CLINIC_TWIN"
PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "sysctl": "procps",
}
"""What is needed for the network, and Debian's package of each."""


def why_not(programs: Mapping[str, str], files: Mapping[str, str] | None = None) -> str:
    """The reason why this machine cannot run the twin, as one sentence; empty if it can.

    Both say Debian's package: ``programs`` by name, ``files`` by pattern of a whole path.
    """
    if sys.platform != "linux":
        return "the twin needs Linux's namespaces, and this is not Linux."
    missing = {name: package for name, package in programs.items() if not is_installed(name)}
    missing |= {name: package for name, package in (files or {}).items() if not glob(name)}
    if missing:
        packages = " ".join(sorted({each for one in missing.values() for each in one.split()}))
        verb = "is" if len(missing) == 1 else "are"
        return (
            f"{', '.join(missing)} {verb} not here; as root: "
            f"apt-get install --no-install-recommends {packages}"
        )
    tried = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"this kernel gives no namespaces to this user ({tried.stderr.strip()})."
    return ""


def is_installed(program: str) -> bool:
    """Whether a program is where an ordinary user or root has it."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _unshare(*, root: bool = False) -> list[str]:
    user = "" if root else "Ur"
    return ["unshare", f"-{user}nmpf", "--kill-child", "--mount-proc"]


def is_own_world() -> bool:
    """Whether this process is the first one of namespaces of its own. The variable alone, which a
    shell may pass on, says nothing: `furnish` covers /run."""
    return os.environ.get(INSIDE) == "1" and os.getpid() == 1


def own_world(command: Sequence[str], keep: Sequence[int] = (), *, root: bool = False) -> NoReturn:
    """Become ``command`` (arguments of Python) as process 1 of new user, network, mount and process
    namespaces: with it everything in them ends. ``keep`` are file descriptors that stay open. With
    ``root`` the user namespace is this machine's, and so are the rights of its root."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for number in keep:
        os.set_inheritable(number, True)
    sys.stdout.flush()
    words = [*_unshare(root=root), sys.executable, *command]
    os.execvpe(words[0], words, {**os.environ, INSIDE: "1", "PATH": path})


def furnish() -> None:
    """What the namespaces need first: folders in memory, and loopback."""
    os.environ.pop(INSIDE)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    Path("/run/netns").mkdir()
    SCRATCH.mkdir()
    ip(["link set lo up"])


def enter(name: str) -> None:
    """Move this thread into a network namespace, for good."""
    handle = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        _setns(handle)
    finally:
        os.close(handle)


def _setns(handle: int) -> None:
    import ctypes  # os.setns came with Python 3.12

    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(handle, 0x40000000):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def inside(name: str, function: Callable[..., T], *arguments: Any) -> T:
    """What ``function`` returns, or raises, in a thread inside a namespace."""
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            enter(name)
            results.append(function(*arguments))
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def listener(name: str, host: str, port: int) -> socket.socket:
    """A socket that listens inside a namespace; any thread may accept from it."""

    def make() -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
        return made

    return inside(name, make)


def ip(lines: Sequence[str], namespace: str = "") -> None:
    """Run commands of ip(8), all in one go."""
    where = ["-n", namespace] if namespace else []
    run(["ip", *where, "-batch", "-"], "\n".join(lines) + "\n")


def nft(namespace: str, rules: str) -> None:
    """Load a rule set of nft(8), as one transaction."""
    run(["nsenter", f"--net=/run/netns/{namespace}", "nft", "-f", "-"], rules)


def forward(namespace: str) -> None:
    """Let a namespace pass packets on, as a router does."""
    settings = ["net.ipv4.ip_forward=1"]
    for place in ("all", "default"):
        settings += [f"net.ipv4.conf.{place}.{name}=0" for name in ("send_redirects", "rp_filter")]
    where = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
    run([*where, "sysctl", "-qw", *settings])


def run(command: Sequence[str], text: str = "") -> str:
    """A program's output; ClinicError (1) with its words if it fails."""
    ended = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if ended.returncode:
        message = (ended.stderr or ended.stdout).strip()
        raise ClinicError(f"{' '.join(command[:6])} failed: {message[-600:]}", exit_code=1)
    return ended.stdout


def spawn(
    namespace: str, command: Sequence[str], log: Path, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a program inside a namespace; both of its streams go to ``log``."""
    with log.open("ab") as stream:
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{namespace}", *command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            **options,
        )
