"""The documents' file system: mounted before anything runs, by TLS, or no boot at all."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .generated import FILE_SYSTEM
from .machine import Machine
from .test_boot import assert_failed

HOST = f"{FILE_SYSTEM}.efs.eu-west-1.amazonaws.com"
ON = {"DOCUMENTS_FILE_SYSTEM": "true"}
MOUNT = """#!/bin/bash
printf -v line "\\t%s" "$@"; echo "mount${line}" >>"${NOTES}/commands"
if [[ -e "${NOTES}/fail-mount" ]]; then echo "mount.nfs4: Connection refused" >&2 && exit 32; fi
: >"${NOTES}/mounted"
"""
MOUNTPOINT = '#!/bin/bash\n[[ -e "${NOTES}/mounted" ]]\n'


class NoStunnelWarning(UserWarning):
    """TLS to the file system was not tried: there is no stunnel4 here."""


@pytest.fixture
def nfs(machine: Machine) -> Machine:
    """Return a machine whose kernel knows NFS; no kernel that tests run on has to."""
    for name, program in (("mount", MOUNT), ("mountpoint", MOUNTPOINT)):
        path = machine.root / "bin" / name
        path.write_text(program)
        path.chmod(0o755)
    for name in ("mount.nfs4", "stunnel4"):
        machine._pass_on("later", name, shutil.which("true"))
    for name in ("mktemp", "grep"):
        machine._pass_on("bin", name, shutil.which(name))
    machine._pass_on("bin", "chattr", shutil.which("true"))
    return machine


def order(machine: Machine, *wanted: str) -> list[str]:
    """The commands that begin like these, in the order in which they were called."""
    lines = (machine.root / "notes/commands").read_text().replace("\t", " ").splitlines()
    return [w for line in lines for w in wanted if line.startswith(w)]


def test_the_file_system_is_mounted_before_a_container_runs(nfs: Machine) -> None:
    assert nfs.run(**ON).returncode == 0
    steps = ("chattr +i", "systemctl enable --now clinic-documents", "mount ", "docker run")
    assert order(nfs, *steps) == list(steps)
    installed = [call for call in nfs.commands("apt-get") if "install" in call]
    assert "nftables\tpostgresql-client\tnfs-common\tstunnel4" in installed[0]


def test_the_images_user_may_write_to_what_is_mounted_and_it_changes_no_hands(nfs: Machine) -> None:
    """The image's user may be any, and instances share the folder: none may take it from others."""
    nfs._pass_on("bin", "chmod", shutil.which("chmod"))
    assert nfs.run(**ON).returncode == 0
    documents = str(nfs.root / "var/lib/clinic-backend/documents")
    steps = ("mount ", f"chmod 0777 {documents}", "docker run")
    assert order(nfs, *steps) == list(steps)
    assert order(nfs, "chown") == []
    assert Path(documents).stat().st_mode & 0o777 == 0o777


def test_a_boot_without_its_file_system_fails_and_nothing_is_written_here(nfs: Machine) -> None:
    """On the instance's own disk documents would be lost with it, and nobody would notice."""
    nfs.note("fail-mount")
    result = nfs.run(**ON, MOUNT_SECONDS="1")
    assert_failed(nfs, result.returncode, "MOUNTING THE DOCUMENTS", FILE_SYSTEM, "open on 2049")
    assert order(nfs, "docker run") == []
    assert order(nfs, "chattr +i") == ["chattr +i"]
    assert not list((nfs.root / "var/lib/clinic-backend/documents").iterdir())


def test_a_mount_that_nobody_can_write_to_fails_the_boot(nfs: Machine) -> None:
    nfs._pass_on("bin", "mktemp", shutil.which("false"))
    assert_failed(nfs, nfs.run(**ON, MOUNT_SECONDS="1").returncode, "MOUNTING THE DOCUMENTS")
    assert order(nfs, "docker run") == []


def test_a_restart_of_the_machine_mounts_before_docker_starts(nfs: Machine) -> None:
    """User data runs at the first start only; a warm pool stops and starts instances."""
    nfs.run(**ON)
    documents = str(nfs.root / "var/lib/clinic-backend/documents")
    [line] = (nfs.root / "etc/fstab").read_text().splitlines()
    source, folder, kind, options, *_ = line.split()
    assert (source, folder, kind) == ("127.0.0.1:/", documents, "nfs4")
    assert {"_netdev", "port=20049", "x-systemd.requires=clinic-documents.service"} <= {
        *options.split(",")
    }
    # AWS's recommended options (EFS user guide, "Recommended NFS mount options").
    assert {"nfsvers=4.1", "rsize=1048576", "wsize=1048576"} <= {*options.split(",")}
    assert {"hard", "timeo=600", "retrans=2", "noresvport"} <= {*options.split(",")}
    units = nfs.root / "etc/systemd/system"
    docker = (units / "docker.service.d/documents.conf").read_text()
    assert docker == f"[Unit]\nRequiresMountsFor={documents}\n"
    tls = (units / "clinic-documents.service").read_text()
    assert "Restart=always" in tls
    assert "WantedBy=multi-user.target" in tls


def test_a_second_boot_writes_no_second_line(nfs: Machine) -> None:
    nfs.run(**ON)
    nfs.run(**ON)
    assert len((nfs.root / "etc/fstab").read_text().splitlines()) == 1


def test_without_a_file_system_nothing_is_installed_or_mounted(machine: Machine) -> None:
    assert machine.run().returncode == 0
    assert not (machine.root / "etc/clinic-documents.conf").exists()
    assert "stunnel4" not in machine.everything_written()


# stunnel itself


Tunnel = Callable[[str, bool], bytes]


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _certificate(folder: Path, name: str) -> None:
    """name.pem and name.key, of the authority ca.pem."""
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
             "-subj", f"/CN={name}", "-out", f"{name}.csr")  # fmt: skip
    (folder / "san").write_text(f"subjectAltName=DNS:{name}\n")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "1", "-extfile", "san", "-out", f"{name}.pem")  # fmt: skip


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def tunnel(nfs: Machine, tmp_path: Path) -> Iterator[Tunnel]:
    """Yield what sends bytes through a real stunnel with the instance's own configuration."""
    if not shutil.which("stunnel4") or not shutil.which("openssl"):
        message = "TLS to the documents was not tried: stunnel4 or openssl is missing"
        warnings.warn(NoStunnelWarning(message), stacklevel=1)
        pytest.skip(message)
    nfs.run(**ON)
    written = (nfs.root / "etc/clinic-documents.conf").read_text()
    folder = tmp_path / "tls"
    folder.mkdir()
    _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key",
             "-subj", "/CN=an authority", "-days", "1", "-out", "ca.pem")  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []

    def send(name: str, trusted: bool) -> bytes:
        _certificate(folder, name)
        server = _serve(folder, name)
        accept, trust = _free_port(), folder / "ca.pem"
        here = written.replace("127.0.0.1:20049", f"127.0.0.1:{accept}")
        here = here.replace(f"connect = {HOST}:2049", f"connect = 127.0.0.1:{server}")
        if trusted:
            here = here.replace("/etc/ssl/certs/ca-certificates.crt", str(trust))
        (folder / "stunnel.conf").write_text(here)
        started.append(subprocess.Popen(["stunnel4", folder / "stunnel.conf"], stderr=-3))
        return _through(accept)

    yield send
    for process in started:
        process.terminate()
        process.wait(10)


def _serve(folder: Path, name: str) -> int:
    """The port of a server that answers what it is sent, with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as peer:
                    peer.sendall(peer.recv(100))
            except OSError:
                connection.close()

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def _through(port: int) -> bytes:
    """What comes back of what is sent; nothing where the tunnel closes."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sent:
                sent.sendall(b"a document")
                return sent.recv(100)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        except ConnectionResetError:
            return b""


def test_a_real_stunnel_reaches_the_file_system_of_this_name(tunnel: Tunnel) -> None:
    assert tunnel(HOST, True) == b"a document"


def test_a_real_stunnel_refuses_another_name(tunnel: Tunnel) -> None:
    assert tunnel("fs-99999999999999999.efs.eu-west-1.amazonaws.com", True) == b""


def test_a_real_stunnel_refuses_a_certificate_that_the_system_does_not_trust(
    tunnel: Tunnel,
) -> None:
    assert tunnel(HOST, False) == b""
