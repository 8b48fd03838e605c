"""A certificate authority of the twin's own, for the names that AWS's services have."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.twin.namespaces import run

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
DAYS = "30"
SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """What signs; ``bundle`` is what programs trust: this authority and the system's."""

    folder: Path
    own: Pair
    bundle: Path

    def sign(self, name: str, hosts: Sequence[str]) -> Pair:
        """A certificate for some hosts, names or addresses."""
        made = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        names = ",".join(f"{_kind(host)}:{host}" for host in hosts)
        extension.write_text(f"subjectAltName={names}\n")
        subject = ["-subj", f"/CN={name}"]
        run(["openssl", "req", *CURVE, "-keyout", str(made.key), "-out", str(request), *subject])
        signer = ["-CA", str(self.own.certificate), "-CAkey", str(self.own.key)]
        run(
            [
                *("openssl", "x509", "-req", "-in", str(request), *signer, "-CAcreateserial"),
                *("-days", DAYS, "-out", str(made.certificate), "-extfile", str(extension)),
            ]
        )
        return made


def create(folder: Path) -> Authority:
    """A new authority, whose files are in ``folder``."""
    folder.mkdir(parents=True)
    own = Pair(folder / "ca.pem", folder / "ca.key")
    extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
    run(
        ["openssl", "req", "-x509", *CURVE, "-keyout", str(own.key), "-out", str(own.certificate)]
        + ["-subj", "/CN=Twin Root CA", "-days", DAYS]
        + [word for extension in extensions for word in ("-addext", extension)]
    )
    bundle = folder / "ca-bundle.crt"
    system = SYSTEM.read_text() if SYSTEM.exists() else ""
    bundle.write_text(system + own.certificate.read_text())
    return Authority(folder, own, bundle)


def _kind(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "DNS"
    return "IP"
