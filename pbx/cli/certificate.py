"""`centrala certificate`: a self-signed certificate for the first days, until one of a CA takes its place."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATE = datetime.timedelta(hours=1)  # clocks differ


def make_certificate(names: Sequence[str], days: int) -> tuple[bytes, bytes]:
    """(certificate, key) in PEM, for host names and IP addresses; the first one is the subject. P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), pem


def write_certificate(folder: Path, names: Sequence[str], days: int, *, force: bool = False) -> tuple[Path, Path]:
    """Writes `certificate.pem` and `key.pem` (0600) into `folder`. Raises FileExistsError unless `force`."""
    paths = folder / "certificate.pem", folder / "key.pem"
    if not force:
        for path in paths:
            if path.exists():
                raise FileExistsError(f"{path} is there already; --force replaces it")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, data in zip(paths, make_certificate(names, days), strict=True):
        # Put in place whole: a running PBX looks at the files.
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.replace(path)
    return paths


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
