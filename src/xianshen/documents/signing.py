"""Signing PDFs (PAdES B-B) and judging signatures.

The key comes from configuration: ``XIANSHEN_SIGNING_KEY`` and ``XIANSHEN_SIGNING_CERT`` name PEM files,
an unencrypted private key and its certificate followed by the certificates of its issuers, the root
last. Without them an installation makes its own authority and certificate at first use, kept under
``settings.KEYS`` and readable by the owner only.
"""

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation import SignatureCoverageLevel, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from xianshen.documents.enums import Verdict

FOLDER = "documents"
AUTHORITY_CERT, AUTHORITY_KEY, SIGNER = "authority.pem", "authority-key.pem", "signer.pem"
#: Roots of former keys, so that what they signed is still recognised: ``keys/documents/trusted-*.pem``.
RETIRED = "trusted-*.pem"
KEY_SIZE = 3072
AUTHORITY_YEARS, SIGNER_YEARS = 30, 5
RENEW_BEFORE = timedelta(days=90)
BACKDATED = timedelta(days=400)
FIELD = "Xianshen"
#: Elliptic-curve signatures vary in length by some bytes; counted in hexadecimal digits.
SLACK = 32
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
# pyHanko runs its own event loop; a thread of its own keeps that apart from whatever loop the caller has.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="signing")
T = TypeVar("T")


PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """A key with its certificate and the certificates above it, the root last (DER)."""

    key: PrivateKey
    chain: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The certificate that is trusted."""
        return self.chain[-1]


class _Signer(signers.Signer):
    """Signs with a key that is loaded once: loading an RSA key checks it, which takes longer than signing."""

    def __init__(self, identity: Identity) -> None:
        certificates = [asn1_x509.Certificate.load(der) for der in identity.chain]
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=SimpleCertificateStore.from_certs(certificates[1:]),
            embed_roots=True,
        )
        self._private = identity.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, PKCS1v15(), SHA256())
        return self._private.sign(data, ec.ECDSA(SHA256()))


def sign_pdf(pdf: bytes, *, reason: str, place: str, contact: str, at: datetime) -> bytes:
    """Return the PDF with a signature that allows no further changes.

    Args:
        pdf: the file to sign.
        reason: why it was signed, shown by PDF readers.
        place: which institution signs.
        contact: where the document can be verified; plain ASCII, so that it can be found again in the file.
        at: time of signing.

    Raises:
        ImproperlyConfigured: the configured key cannot be used.
    """
    identity = signing_identity(at)
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        reason=reason,
        location=place,
        contact_info=contact,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        tight_size_estimates=True,
    )

    async def sign() -> bytes:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        session = signers.PdfSigner(metadata, signer=_Signer(identity)).init_signing_session(writer)
        session.system_time = at
        reserved = await session.estimate_signature_container_size(None) + SLACK
        prepared = session.prepare_tbs_document(None, bytes_reserved=reserved)
        output = BytesIO()
        digest, _output = prepared.digest_tbs_document(output=output)
        signed = await prepared.perform_signature(
            document_digest=digest.document_digest, pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=at)
        )
        await signed.post_signature_processing(output)
        return output.getvalue()

    return _apart(lambda: asyncio.run(sign()))


def judge(pdf: bytes) -> Verdict:
    """Say whether a file carries this installation's signature and is unchanged.

    Returns:
        ``VALID``: signed here, every byte as signed. ``ALTERED``: it names this installation as the signer, but
        has changed since, or is a forgery. ``NOT_OURS``: it does not name this installation.
    """
    roots = [asn1_x509.Certificate.load(root) for root in trusted_roots()]
    # A signature holds its certificates as hexadecimal text, so a file by others is not even parsed. The name
    # stands there several times: in the signer's certificate, in the root's, and beside the signature.
    text = pdf.lower()
    if not any(root.subject.dump().hex().encode() in text for root in roots):
        return Verdict.NOT_OURS
    # The root that travels with the signature is not itself signed; ours goes in unchanged.
    if not any(root.dump().hex().encode() in text for root in roots):
        return Verdict.ALTERED

    async def validate() -> bool:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        for signature in reader.embedded_regular_signatures:
            context = ValidationContext(
                trust_roots=roots,
                moment=signature.self_reported_timestamp,
                allow_fetching=False,
                revocation_mode="soft-fail",
            )
            status = await async_validate_pdf_signature(signature, context)
            content = signature.pkcs7_content
            padding = content[len(cms.ContentInfo.load(content).dump()) :]
            whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and not padding.strip(b"\0")
            if status.bottom_line and whole:
                return True
        return False

    try:
        return Verdict.VALID if _apart(lambda: asyncio.run(validate())) else Verdict.ALTERED
    except Exception:
        # Whatever keeps the reader from reading a file that names us: it is not as it was issued.
        return Verdict.ALTERED


def signing_identity(at: datetime) -> Identity:
    """Return the key that signs now: the configured one, else the installation's own, made at first use.

    Raises:
        ImproperlyConfigured: the configured files are missing, unreadable, or do not belong together.
    """
    key_path, cert_path = getattr(settings, "SIGNING_KEY", ""), getattr(settings, "SIGNING_CERT", "")
    if bool(key_path) != bool(cert_path):
        raise ImproperlyConfigured("XIANSHEN_SIGNING_KEY and XIANSHEN_SIGNING_CERT go together")
    if key_path:
        return _configured(Path(key_path), Path(cert_path), _age(Path(key_path)), _age(Path(cert_path)))
    folder = Path(settings.KEYS) / FOLDER
    if not folder.exists():
        _found_authority(folder, at)
    identity = _own(folder, _age(folder / SIGNER))
    if x509.load_der_x509_certificate(identity.chain[0]).not_valid_after_utc - at < RENEW_BEFORE:
        _issue_signer(folder, at)
        identity = _own(folder, _age(folder / SIGNER))
    return identity


def trusted_roots() -> list[bytes]:
    """Return the root certificates (DER) whose signatures count as this installation's; never makes a key."""
    folder = Path(settings.KEYS) / FOLDER
    paths = sorted(folder.glob(RETIRED))
    if (folder / AUTHORITY_CERT).exists():
        paths.append(folder / AUTHORITY_CERT)
    if cert_path := getattr(settings, "SIGNING_CERT", ""):
        paths.append(Path(cert_path))
    return [_certificates(path)[-1] for path in paths]


def _apart(work: Callable[[], T]) -> T:
    return _thread.submit(work).result()


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError as error:
        raise ImproperlyConfigured(f"signing: {path} does not exist") from error


def _certificates(path: Path) -> list[bytes]:
    """Return the certificates of a PEM file in its order, DER."""
    try:
        blocks = _CERTIFICATE.findall(path.read_bytes())
        found = [x509.load_pem_x509_certificate(block).public_bytes(Encoding.DER) for block in blocks]
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"signing: {path} cannot be read: {error}") from error
    if not found:
        raise ImproperlyConfigured(f"signing: {path} holds no certificate")
    return found


def _key(path: Path) -> PrivateKey:
    """Return the private key of a PEM file."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"signing: {path} holds no unencrypted private key: {error}") from error
    if not isinstance(key, PrivateKey):
        raise ImproperlyConfigured(f"signing: the key in {path} is neither RSA nor elliptic-curve")
    return key


@lru_cache(maxsize=4)
def _configured(key_path: Path, cert_path: Path, _key_age: int, _cert_age: int) -> Identity:
    identity = Identity(_key(key_path), tuple(_certificates(cert_path)))
    if identity.key.public_key() != x509.load_der_x509_certificate(identity.chain[0]).public_key():
        raise ImproperlyConfigured(f"signing: the first certificate of {cert_path} is not that of {key_path}")
    return identity


@lru_cache(maxsize=4)
def _own(folder: Path, _signer_age: int) -> Identity:
    signer = folder / SIGNER
    return Identity(_key(signer), (_certificates(signer)[0], _certificates(folder / AUTHORITY_CERT)[0]))


def _found_authority(folder: Path, at: datetime) -> None:
    """Make an authority with its first signing certificate; of several processes the first one wins."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700)
    try:
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
        name = _name(f"先审文件签名根证书 {secrets.token_hex(4)}")
        certificate = (
            _builder(name, name, key.public_key(), at, AUTHORITY_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(key, SHA256())
        )
        _write(draft / AUTHORITY_KEY, _pem(key))
        _write(draft / AUTHORITY_CERT, certificate.public_bytes(Encoding.PEM))
        _issue_signer(draft, at)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _issue_signer(folder: Path, at: datetime) -> None:
    """Make a signing key with a certificate from the installation's authority."""
    authority = x509.load_der_x509_certificate(_certificates(folder / AUTHORITY_CERT)[0])
    authority_key = _key(folder / AUTHORITY_KEY)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    certificate = (
        _builder(_name("先审文件签名"), authority.subject, key.public_key(), at, SIGNER_YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, SHA256())
    )
    _write(folder / SIGNER, _pem(key) + certificate.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey, at: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - BACKDATED)
        .not_valid_after(at + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "xianshen"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only the owner reads, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
