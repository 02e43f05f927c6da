"""A certificate authority for tests, with valid and invalid certificates."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority"]

_DAY = timedelta(days=1)


class Authority:
    """Signs certificates that are valid for clients that trust ``path``.

    Args:
        directory: Where its files go.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA {directory.name}")])
        authority = x509.BasicConstraints(ca=True, path_length=0)
        signed = (
            self._blank(self._name, self._key, ends_in=_DAY)
            .add_extension(authority, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = directory / "authority.pem"
        self.path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def server(self, address: str, *, ends_in: timedelta = _DAY) -> ssl.SSLContext:
        """Return a server's TLS context; the arguments are those of the file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_file(address, ends_in=ends_in))
        return context

    def server_file(self, address: str, *, ends_in: timedelta = _DAY) -> Path:
        """Return a file with a server's key and certificate.

        Args:
            address: The IP address or host name that the certificate is for.
            ends_in: For how long it is valid from now on; negative where it is over.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        names = x509.SubjectAlternativeName([_general_name(address)])
        signed = (
            self._blank(name, key, ends_in=ends_in)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        file = self._directory / f"{signed.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + signed.public_bytes(pem)
        )
        return file

    def _blank(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ends_in: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * _DAY)
            .not_valid_after(now + ends_in)
        )


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)
