"""A Docker daemon of the test's own, and a base image that needs no registry."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bootstrap.postgres import folder_of_programs

PROGRAMS = (
    *("dockerd", "docker", "debootstrap", "node", "npm", "git", "curl"),
    *("ip", "iptables", "setpriv", "unshare", "nsenter"),
    *("nginx", "haproxy", "openssl", "psql"),
)
SUITE = "bookworm"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Node trusts those of its own alone unless a variable names these."""
PATIENCE = 60.0
"""Seconds that a daemon gets to answer."""


def why_not() -> str:
    """Return why no image can be built here; nothing if one can."""
    if os.geteuid():
        return "this user is not root, who starts dockerd and debootstrap"
    lacking = [name for name in PROGRAMS if not shutil.which(name)]
    lacking += [] if folder_of_programs() else ["a PostgreSQL server"]
    return f"{', '.join(lacking)} not installed" if lacking else ""


@contextmanager
def daemon(folder: Path, *, own_network: bool) -> Iterator[tuple[str, int]]:
    """Yield address and process id of a daemon that keeps everything under the folder.

    Builds need this machine's network (`own_network` false: no bridge, no rule is made); what is
    run gets a bridge and port 3000 in a network namespace of its own.
    """
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    # Whoever kills the tests does not leave it behind.
    command = [
        "setpriv",
        "--pdeathsig",
        "TERM",
        "dockerd",
        "-H",
        f"unix://{socket}",
        "--pidfile",
        str(folder / "pid"),
    ]
    command += ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    if own_network:
        into = 'ip link set lo up && exec "$@"'
        command = ["unshare", "-n", "sh", "-c", into, "sh", *command]
    else:
        command += ["--bridge=none", "--iptables=false"]
    with log.open("ab") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _wait(f"unix://{socket}", process, log)
            yield f"unix://{socket}", process.pid
        finally:
            process.terminate()
            process.wait(PATIENCE)
            # The daemon leaves the network namespace of `--network host` mounted.
            for place in (folder / "exec/netns").glob("*"):
                subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(["docker", "-H", address, "version"], capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"dockerd does not start: {log.read_text()[-2000:]}")
        time.sleep(0.2)


def base_image(address: str, name: str) -> None:
    """Import a minimal Debian with this machine's node under the name that a Dockerfile uses."""
    trust = f"ENV NODE_EXTRA_CA_CERTS={AUTHORITIES}"
    with _root().open("rb") as tar:
        command = ["docker", "-H", address, "import", "--change", trust, "-", name]
        subprocess.run(command, stdin=tar, check=True, capture_output=True)


def _root() -> Path:
    """The root as a tar, kept for the next run of the tests on this machine.

    Node is this machine's version, not the image's 22. Where packages come from, and whom to trust
    for it, is this machine's affair as well and goes into the image, never into the repository.
    """
    version = subprocess.run(["node", "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version + Path(__file__).read_bytes()).hexdigest()[:12]
    kept = Path.home() / ".cache/clinic-stack-tests" / f"base-{digest}.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        root = kept.with_suffix(".root")
        shutil.rmtree(root, ignore_errors=True)
        _fill(root)
        part = kept.with_suffix(".part")
        subprocess.run(["tar", "-C", str(root), "-cf", str(part), "."], check=True)
        shutil.rmtree(root)
        part.rename(kept)
    return kept


def _fill(root: Path) -> None:
    wanted = ["--variant=minbase", "--include=ca-certificates", SUITE, str(root)]
    subprocess.run(["debootstrap", *wanted], check=True, capture_output=True)
    prefix = Path(os.path.realpath(shutil.which("node") or "")).parent.parent
    shutil.copy2(prefix / "bin/node", root / "usr/bin/node")
    npm = Path(os.path.realpath(shutil.which("npm") or "")).parents[1]
    shutil.copytree(npm, root / "usr/lib/node_modules/npm", symlinks=True)
    (root / "usr/bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
    places: tuple[str, ...] = ("/etc/apt/apt.conf.d",)
    if f"VERSION_CODENAME={SUITE}\n" in Path("/etc/os-release").read_text():
        places += ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
    trust = (AUTHORITIES, "/usr/etc/npmrc", "/root/.npmrc")
    for place in map(Path, (*places, *trust)):
        target = root / place.relative_to("/")
        if place.is_dir():
            shutil.copytree(place, target, dirs_exist_ok=True)
        elif place.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, target)
        else:
            target.unlink(missing_ok=True)
    # Whoever installs ca-certificates has that file made anew, of these among others.
    if (authorities := Path(AUTHORITIES)).exists():
        shutil.copy2(authorities, root / "usr/local/share/ca-certificates/this-machine.crt")
    shutil.rmtree(root / "var/cache/apt/archives")
    # As in Debian's own images: dpkg waits for the disk after each file otherwise.
    (root / "etc/dpkg/dpkg.cfg.d/docker-apt-speedup").write_text("force-unsafe-io\n")
    subprocess.run(["chroot", str(root), "useradd", "-m", "-u", "1000", "node"], check=True)
