"""The hub's own certificate authority and its server certificate; the only module that makes X.509.

Nodes pin the authority at enrolment (its hash is in the trust bundle), so no public authority is needed. The server
certificate is made anew when a name is missing from it or when it ends within 60 days; the authority stays.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central_hub.keys import write_private

CA_CERTIFICATE, CA_KEY = "ca.pem", "ca.key"
SERVER_CERTIFICATE, SERVER_KEY = "server.pem", "server.key"
_CA_YEARS, _SERVER_DAYS, _RENEW_DAYS = 20, 397, 60


def make_authority(folder: Path, *, province_name: str, now_ms: int) -> str:
    """Make the authority; returns the SHA-256 of its certificate (DER), which the trust bundle names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Motcua {province_name}"[:64])])
    now = _moment(now_ms)
    certificate = (
        _builder(name, name, key.public_key(), now, now + timedelta(days=365 * _CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / CA_KEY, _pem_of(key))
    write_private(folder / CA_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def ensure_server_certificate(folder: Path, *, hosts: Iterable[str], now_ms: int) -> tuple[Path, Path]:
    """The server's certificate and key for these names, made when missing, ending soon or short of a name."""
    certificate, key = folder / SERVER_CERTIFICATE, folder / SERVER_KEY
    wanted = set(hosts) | {"localhost", "127.0.0.1"}
    if not (certificate.exists() and key.exists() and _serves(certificate, wanted, _moment(now_ms))):
        _make_server_certificate(folder, wanted, _moment(now_ms))
    return certificate, key


def authority_pem(folder: Path) -> str | None:
    """The authority's certificate, for nodes to pin; None before `init`."""
    path = folder / CA_CERTIFICATE
    return path.read_text(encoding="ascii") if path.exists() else None


def _make_server_certificate(folder: Path, hosts: set[str], now: datetime) -> None:
    authority = x509.load_pem_x509_certificate((folder / CA_CERTIFICATE).read_bytes())
    authority_key = serialization.load_pem_private_key((folder / CA_KEY).read_bytes(), password=None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Motcua hub")])
    certificate = (
        _builder(name, authority.subject, key.public_key(), now, now + timedelta(days=_SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(host) for host in sorted(hosts)]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    write_private(folder / SERVER_KEY, _pem_of(key))
    write_private(folder / SERVER_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))


def _serves(path: Path, wanted: set[str], now: datetime) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    present = {str(value) for value in names.get_values_for_type(x509.IPAddress)}
    present |= set(names.get_values_for_type(x509.DNSName))
    return wanted <= present and certificate.not_valid_after_utc - now > timedelta(days=_RENEW_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(days=1))
        .not_valid_after(end)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _moment(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms // 1000, UTC)


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
