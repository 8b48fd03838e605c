"""The documents' mount in a virtual machine, whose kernel has an NFS client, before a real server.

    python -m tests.mount

As root, with qemu-system-x86_64 and debootstrap: three minutes for the root file system, which
is kept, and eight to ten for the rest, without KVM. Two starts of one Debian with systemd: the user
data's program mounts, unchanged, through a real stunnel from the kernel's NFS server, which is the
machine's own; a second network in it is another instance. Prints what was seen, exits with 1 if
something was not, or not reached.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from generator import bootstrap
from tests.bootstrap.cloud import REGION
from tests.bootstrap.generated import FILE_SYSTEM, user_data

NEEDS = ("qemu-system-x86_64", "debootstrap", "chroot", "openssl", "mkfs.ext4")
SUITE = "bookworm"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "procps", "e2fsprogs"),
    *("initramfs-tools", "linux-image-cloud-amd64", "python3-minimal", "ca-certificates"),
    *("nfs-common", "stunnel4", "nfs-kernel-server"),
)
HOST = f"{FILE_SYSTEM}.efs.{REGION}.amazonaws.com"
HERE = Path(__file__).parent
PATIENCE = 1_800
"""Seconds. One that hangs says what it has seen."""

FILES = {
    "etc/hosts": f"127.0.0.1 localhost\n127.0.0.9 {HOST}\n",
    "etc/hostname": "instance\n",
    # 192.0.2.1 comes with the second network, after the tunnel that listens there.
    "etc/sysctl.d/proof.conf": "net.ipv4.ip_nonlocal_bind=1\n",
    "etc/nfs.conf": "[nfsd]\nhost=127.0.0.5\nvers3=n\n",
    "etc/exports": "/srv/efs *(rw,fsid=0,no_root_squash,insecure,no_subtree_check,sync)\n",
    # What EFS offers; nfsd goes by its machine's memory.
    "etc/systemd/system/nfs-server.service.d/size.conf": "[Service]\n"
    "ExecStartPre=/bin/sh -c 'echo 1048576 >/proc/fs/nfsd/max_block_size'\n",
    "proof/efs.conf": "foreground = yes\npid =\n"
    + "".join(
        f"[{name}]\naccept = {address}:2049\nconnect = 127.0.0.5:2049\ncert = /proof/server.pem\n"
        for name, address in (("here", "127.0.0.9"), ("other", "192.0.2.1"))
    ),
    "etc/systemd/system/efs.service": "[Unit]\nWants=nfs-server.service\n"
    "After=nfs-server.service\nBefore=remote-fs-pre.target clinic-documents.service\n"
    "[Service]\nExecStart=/usr/bin/stunnel4 /proof/efs.conf\n",
    # In Docker's place, whose unit the program orders behind the mount.
    "etc/systemd/system/docker.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
    "ExecStart=/bin/sh -c 'mountpoint -q /var/lib/clinic-backend/documents && echo mounted"
    " >/proof/docker-saw || echo bare >/proof/docker-saw'\n",
    "etc/systemd/system/proof.service": "[Unit]\nAfter=multi-user.target\n"
    "[Service]\nType=idle\nExecStart=/bin/bash /proof/inside.sh\n",
    "proof/host": HOST,
}
STARTED = {"efs": "multi-user", "docker": "multi-user", "proof": "graphical"}
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "serial-getty@ttyS0.service",
          "getty@tty1.service", "rpcbind.service", "rpcbind.socket", "stunnel4.service",
          "rpc-statd-notify.service", "nfs-blkmap.service")  # fmt: skip


def main() -> None:
    """Build the machine, run it, and say what it said."""
    lacking = [name for name in NEEDS if not shutil.which(name)]
    if os.geteuid() or lacking:
        raise SystemExit(f"Cannot run here: {', '.join(lacking) or 'not root'}.")
    with TemporaryDirectory(prefix="clinic-mount") as name:
        folder = Path(name)
        said = _run(_disk(folder), folder)
    wanted = re.findall(r'^ *proof "([^"]+)"', (HERE / "inside.sh").read_text(), re.MULTILINE)
    seen = dict(re.findall(r"^PROOF ([^:]+): (.*?)\r?$", said, re.MULTILINE))
    for what in wanted:
        print(f"{what}: {seen.get(what, 'not reached')}")
    sys.exit(any(seen.get(what) != "yes" for what in wanted))


def _kept() -> Path:
    """A root file system with the packages, kept for the next run."""
    kept = Path.home() / ".cache/clinic-stack-tests" / f"mount-{SUITE}"
    if not kept.exists():
        part = kept.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        options = ["--variant=minbase", f"--include={','.join(PACKAGES)}"]
        subprocess.run(["debootstrap", *options, SUITE, part], check=True, stdout=sys.stderr)
        for mounted in ("proc", "sys"):
            subprocess.run(["umount", part / mounted], capture_output=True, check=False)
        part.rename(kept)
    return kept


def _disk(folder: Path) -> Path:
    """The folder with a disk, and a kernel and an initial file system beside it."""
    root = folder / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", _kept(), root], check=True)
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "srv/efs").mkdir()
    units = root / "etc/systemd/system"
    for name, target in STARTED.items():
        (units / f"{target}.target.wants").mkdir(exist_ok=True)
        (units / f"{target}.target.wants/{name}.service").symlink_to(f"../{name}.service")
    for name in MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")
    _program(root / "proof")
    _certificates(root / "proof")
    trusted = root / "usr/local/share/ca-certificates/proof.crt"
    shutil.copy(root / "proof/authority.pem", trusted)
    subprocess.run(["chroot", root, "update-ca-certificates"], check=True, capture_output=True)
    for name in ("vmlinuz", "initrd.img"):
        [path] = (root / "boot").glob(f"{name}-*-cloud-amd64")
        shutil.copy(path, folder / name)
    disk = folder / "disk"
    with disk.open("wb") as file:
        file.truncate(1_500 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", root, disk], check=True)
    return disk


def _program(proof: Path) -> None:
    """The user data up to where it would boot, and what it is to do instead."""
    data = user_data("seed", DOCUMENTS_FILE_SYSTEM="true")
    settings, _, packed = data.partition("set -e")
    program = bootstrap.unpacked(packed).partition("<<'PACKED'\n")[2]
    functions, main, _ = program.partition('case "${1:-boot}"')
    assert main
    action = "mount_documents\ndocuments_folder\n"
    (proof / "mount_documents").write_text(
        settings + functions + bootstrap.part(*bootstrap.LIBRARY) + action
    )
    for name in ("inside.sh", "wire.py"):
        shutil.copy(HERE / name, proof)


def _certificates(proof: Path) -> None:
    """Of the server: the right one, of another name, of an authority that nobody knows."""
    request = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "9"]
    for name, host, authority in (
        ("authority", "an authority", None),
        ("right", HOST, "authority"),
        ("other", f"fs-99999999999999999.efs.{REGION}.amazonaws.com", "authority"),
        ("stranger", HOST, None),
    ):
        command = [*request, "-subj", f"/CN={host}"]
        command += ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        if host != "an authority":
            command += ["-addext", f"subjectAltName=DNS:{host}"]
        if authority:
            command += ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
        subprocess.run(command, cwd=proof, check=True, capture_output=True)
        with (proof / f"{name}.pem").open("a") as whole:
            if name != "authority":
                whole.write((proof / f"{name}.key").read_text())
    (proof / "server.pem").symlink_to("right.pem")


def _run(disk: Path, folder: Path) -> str:
    """What the machine says until it is off."""
    start = "root=/dev/vda rw console=ttyS0 quiet mitigations=off nokaslr"
    command = ["qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-display", "none", "-net",
               "none", "-serial", "stdio", "-kernel", folder / "vmlinuz", "-initrd",
               folder / "initrd.img", "-append", start, "-drive",
               f"file={disk},if=virtio,format=raw"]  # fmt: skip
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdin=-3, stdout=out) as machine:
        try:
            machine.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            machine.kill()
    return log.read_text(errors="replace")


if __name__ == "__main__":
    main()
