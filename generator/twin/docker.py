"""Docker itself on the instances: whether it may run here, the image that it loads, what it leaves.

The world of `namespaces.own_world` has no user namespace then: a daemon needs the machine's root.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from generator.errors import ClinicError
from generator.twin.image import Image
from generator.twin.namespaces import is_installed, run

PROGRAMS = ("dockerd", "docker", "containerd", "runc", "iptables")
PACKAGES = "docker.io iptables"
TRIAL = "mount -t sysfs sysfs /sys && ip link add clinic0 type bridge && iptables -t nat -L -n"
"""What a daemon and its containers ask of the kernel first."""
GROUP = "CLINIC_TWIN_GROUP"
"""The control group of this twin's containers."""
GROUPS = "/sys/fs/cgroup"
SWEEP = """
import os, sys, time
from glob import glob
sys.stdin.read()
places = [*glob(f"{sys.argv[1]}/{sys.argv[2]}"), *glob(f"{sys.argv[1]}/*/{sys.argv[2]}")]
end = time.monotonic() + 20
while any(map(os.path.exists, places)) and time.monotonic() < end:
    for place in places:
        for folder, _, _ in os.walk(place, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass  # its last process has not ended yet
    time.sleep(0.1)
"""
"""Removes the control groups as soon as nobody holds the other end of its input any more."""


def why_not() -> str:
    """Why no Docker daemon can run in the twin here, as one sentence; empty if one can."""
    if os.geteuid() or Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        return "--docker starts Docker's daemon on each instance, which takes this machine's root."
    if missing := [name for name in PROGRAMS if not is_installed(name)]:
        verb = "is" if len(missing) == 1 else "are"
        return (
            f"--docker needs Docker, and {', '.join(missing)} {verb} not here: "
            f"apt-get install --no-install-recommends {PACKAGES}"
        )
    if not any(Path(GROUPS).glob("**/cgroup.procs")):
        return f"--docker needs control groups, and none are mounted at {GROUPS}."
    words = ["unshare", "-nmpf", "--mount-proc", "sh", "-c", TRIAL]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"this kernel lacks what --docker needs ({tried.stderr.strip()[-200:]})."
    return ""


def sweep_later() -> None:
    """Have the containers' control groups removed once this process, and what it becomes, has
    ended: they alone are not of its namespaces."""
    os.environ[GROUP] = f"clinic-twin-{os.getpid()}"
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    subprocess.Popen(
        [sys.executable, "-ISc", SWEEP, GROUPS, os.environ[GROUP]],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(reading)


def handed_over(archive: Path) -> str:
    """What an instance's start.sh needs to know, a line each: the client, the image, the group."""
    client = shutil.which("docker") or "docker"
    return f"{Path(client).resolve()}\n{archive}\n/{os.environ[GROUP]}\n"


def packed(image: Image, archive: Path) -> Image:
    """The same as an image that `docker load` reads: this machine's Node, and the folders."""
    layer = archive.with_suffix(".layer")
    _layer(layer, image)
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "os": "linux",
        "config": {
            "Cmd": image.command,
            "Env": [f"{k}={v}" for k, v in {"PATH": "/usr/bin:/bin", **image.env}.items()],
            "User": "1000",
            "WorkingDir": image.folder,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "image.json", "RepoTags": ["clinic-twin:latest"], "Layers": ["layer"]}]
    with tarfile.open(archive, "w") as tar:
        for name, value in (("image.json", config), ("manifest.json", manifest)):
            data = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        tar.add(layer, "layer")
    layer.unlink()
    return Image(image.folder, image.command, {}, image.env, image.others, archive)


def _layer(path: Path, image: Image) -> None:
    """Node, the libraries it is linked with, and the image's folders, as a tar."""
    node_path = shutil.which("node")
    if not node_path:
        raise ClinicError("--docker makes an image of this machine's node, which is not here.")
    node = Path(node_path).resolve()
    libraries = re.findall(r"(/\S+) \(", run(["ldd", str(node)]))
    files = {name: Path(name).resolve() for name in libraries} | {"/usr/bin/node": node}
    folders = {target: Path(source) for source, target in image.binds.items()}
    own = Path("/usr/share/nodejs")  # Debian's node loads parts of itself from here
    folders |= {str(own): own} if own.is_dir() else {}
    with tarfile.open(path, "w") as tar:
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(temporary)
        for target, source in {**files, **folders}.items():
            tar.add(source, target.lstrip("/"))
