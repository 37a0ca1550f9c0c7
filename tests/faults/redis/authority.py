"""Certificates of an authority that nobody else knows."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass
class Authority:
    """Signs certificates; its files lie in one directory.

    Args:
        place: The directory; made here.
    """

    place: Path
    name: x509.Name = field(init=False)

    def __post_init__(self) -> None:
        self.place.mkdir(parents=True)
        self.name = _name(f"authority of {self.place.name}")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed(self.name, self._key, authority=True)
        self.file = self._written("ca.pem", self._certificate)

    def issue(self, name: str, host: str = "127.0.0.1") -> tuple[Path, Path]:
        """Returns the files of a new certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_name(name), key, host=host)
        return self._written(f"{name}.pem", certificate), self._key_file(name, key)

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        host: str = "",
        authority: bool = False,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
        )
        if authority:
            builder = builder.add_extension(_signs_certificates(), critical=True)
        if host:
            names = [x509.IPAddress(ipaddress.ip_address(host))]
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())

    def _written(self, name: str, certificate: x509.Certificate) -> Path:
        file = self.place / name
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def _key_file(self, name: str, key: ec.EllipticCurvePrivateKey) -> Path:
        file = self.place / f"{name}.key"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file


def _signs_certificates() -> x509.KeyUsage:
    """What an authority's certificate has to say, as Python insists from 3.13 on."""
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment "
        "key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    )
    allowed = {"key_cert_sign", "crl_sign"}
    return x509.KeyUsage(**{name: name in allowed for name in names.split()})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
