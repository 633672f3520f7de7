"""Signatures: made with the installation's own or a configured key, and judged without trusting the file."""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.factories.documents import FILLED, IMPRINT, filled, shcc_layout
from xianshen.documents import signing
from xianshen.documents.enums import Verdict
from xianshen.documents.rendering.pdf import render_pdf
from xianshen.documents.verification import _named_in

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def apart(work: Callable[[], Any]) -> Any:
    """Do something that needs an event loop of its own: a browser test may have left one running here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def unsigned() -> bytes:
    return render_pdf(shcc_layout(), FILLED, IMPRINT)


def signed(pdf: bytes | None = None, at: datetime = AT) -> bytes:
    return signing.sign_pdf(
        pdf or unsigned(), reason="开设申请表（法律系）", place="上海海关学院", contact=IMPRINT.url, at=at
    )


def status_of(pdf: bytes, roots: list[bytes]) -> Any:
    signatures = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    assert len(signatures) == 1
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root) for root in roots], allow_fetching=False, moment=AT
    )
    return apart(lambda: validate_pdf_signature(signatures[0], context))


def test_signature_is_valid_trusted_and_covers_the_whole_file() -> None:
    pdf = signed()
    status = status_of(pdf, signing.trusted_roots())
    assert status.bottom_line
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    signature = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures[0]
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.self_reported_timestamp == AT
    assert signature.docmdp_level.name == "NO_CHANGES"
    assert (signature.sig_object["/Reason"], signature.sig_object["/Location"]) == (
        "开设申请表（法律系）",
        "上海海关学院",
    )


def test_signing_leaves_the_pages_as_they_were() -> None:
    before, after = unsigned(), signed()
    assert after.startswith(before)
    texts = [[page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages] for pdf in (before, after)]
    assert texts[0] == texts[1]


def test_other_readers_agree(tmp_path: Path) -> None:
    """Poppler's pdfsig, where it is installed; pyHanko's own validator has proved the same above."""
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed())
    assert signing.judge(path.read_bytes()) is Verdict.VALID
    if pdfsig := shutil.which("pdfsig"):
        said = subprocess.run([pdfsig, str(path)], capture_output=True, text=True, check=False).stdout
        assert "Signature Validation: Signature is Valid." in said
        assert "Total document signed" in said
        assert "ETSI.CAdES.detached" in said


def test_unchanged_file_is_valid() -> None:
    assert signing.judge(signed()) is Verdict.VALID


def test_one_changed_byte_is_found() -> None:
    """Every byte that the signature covers; those of the signature itself are held against the record."""
    pdf = signed()
    start = pdf.index(b"/Contents <")
    end = pdf.index(b">", start + 12)
    places = {int(len(pdf) * share / 60) for share in range(60)} | set(range(end + 1, len(pdf) - 1, 31))
    for place in sorted(places - set(range(start, end))):
        altered = bytearray(pdf)
        altered[place] ^= 1
        assert signing.judge(bytes(altered)) is Verdict.ALTERED, (place, pdf[place - 10 : place + 10])


def test_filled_padding_behind_the_signature_is_found() -> None:
    pdf = signed()
    end = pdf.index(b">", pdf.index(b"/Contents <") + 12)
    assert pdf[end - signing.SLACK // 2 : end].strip(b"0") == b""
    assert signing.judge(pdf[: end - 2] + b"41" + pdf[end:]) is Verdict.ALTERED


def test_changed_byte_is_found_by_other_readers_too(tmp_path: Path) -> None:
    pdf = signed()
    where = pdf.index(b"/Author") + 12
    altered = pdf[:where] + bytes([pdf[where] ^ 1]) + pdf[where + 1 :]
    assert signing.judge(altered) is Verdict.ALTERED
    if pdfsig := shutil.which("pdfsig"):
        path = tmp_path / "altered.pdf"
        path.write_bytes(altered)
        said = subprocess.run([pdfsig, str(path)], capture_output=True, text=True, check=False).stdout
        assert "Signature Validation: Digest Mismatch." in said


def test_appended_update_is_found() -> None:
    writer = pypdf.PdfWriter(BytesIO(signed()), incremental=True)
    writer.add_blank_page(100, 100)
    out = BytesIO()
    writer.write(out)
    assert signing.judge(out.getvalue()) is Verdict.ALTERED


def test_trailing_bytes_are_found() -> None:
    assert signing.judge(signed() + b"\n% more") is Verdict.ALTERED


def test_cut_off_file_is_found() -> None:
    pdf = signed()
    assert signing.judge(pdf[: pdf.index(b"/ByteRange") + 20] + pdf[-40_000:]) is Verdict.ALTERED


@pytest.mark.parametrize("content", (b"", b"%PDF-1.7\n%%EOF", b"%PDF-1.7 /ByteRange [0 1 2 3] %%EOF", b"\x00" * 100))
def test_files_without_our_signature_are_not_ours(content: bytes) -> None:
    signed()
    assert signing.judge(content) is Verdict.NOT_OURS


def test_unsigned_form_is_not_ours() -> None:
    signed()
    assert signing.judge(unsigned()) is Verdict.NOT_OURS


def test_another_installations_signature_is_not_ours(settings: Any, tmp_path: Path) -> None:
    own = settings.KEYS
    signed()
    settings.KEYS = tmp_path / "other"
    foreign = signed()
    settings.KEYS = own
    assert signing.judge(foreign) is Verdict.NOT_OURS


def test_forgery_that_names_us_is_called_altered(settings: Any, tmp_path: Path) -> None:
    own = settings.KEYS
    signed()
    ours = signing.trusted_roots()[0].hex()
    settings.KEYS = tmp_path / "other"
    foreign = signed(render_pdf(replace(shcc_layout(), code="x"), FILLED, replace(IMPRINT, issuer="甲")))
    forged = pypdf.PdfWriter(BytesIO(foreign), incremental=True)
    forged.add_metadata({"/Keywords": ours})
    out = BytesIO()
    forged.write(out)
    settings.KEYS = own
    assert signing.judge(foreign) is Verdict.NOT_OURS
    assert signing.judge(out.getvalue()) is Verdict.ALTERED


def test_first_use_makes_keys_that_only_the_owner_reads(settings: Any, tmp_path: Path) -> None:
    settings.KEYS = tmp_path / "keys"
    assert signing.trusted_roots() == []
    assert not settings.KEYS.exists()
    signed()
    folder = settings.KEYS / "documents"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "authority.pem": 0o600,
        "authority-key.pem": 0o600,
        "signer.pem": 0o600,
    }


def test_processes_that_start_together_share_one_authority(settings: Any, tmp_path: Path) -> None:
    settings.KEYS = tmp_path / "keys"
    with ThreadPoolExecutor(3) as pool:
        identities = list(pool.map(lambda _: signing.signing_identity(AT), range(3)))
    assert len({identity.root for identity in identities}) == 1
    assert [path.name for path in settings.KEYS.iterdir()] == ["documents"]


def test_certificate_is_renewed_before_it_ends(settings: Any, tmp_path: Path) -> None:
    settings.KEYS = tmp_path / "keys"
    old = signed()
    later = AT + timedelta(days=365 * 5 - 30)
    new = signed(at=later)
    assert signing.signing_identity(later).root == signing.trusted_roots()[0]
    assert [signing.judge(pdf) for pdf in (old, new)] == [Verdict.VALID, Verdict.VALID]
    certificates = [
        PdfFileReader(BytesIO(pdf)).embedded_regular_signatures[0].signer_cert.serial_number for pdf in (old, new)
    ]
    assert certificates[0] != certificates[1]


def _configure(folder: Path) -> tuple[Path, Path]:
    """A key of an institution's own authority: elliptic curve, two certificates."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("学校根证书", "学校签名")]
    certificates = []
    for key, name in zip(keys, names, strict=True):
        leaf = name is names[1]
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(AT - timedelta(days=1))
            .not_valid_after(AT + timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
            .add_extension(signing._usage(authority=not leaf), critical=True)
        )
        certificates.append(builder.sign(keys[0], SHA256()))
    key_path, cert_path = folder / "key.pem", folder / "chain.pem"
    key_path.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    cert_path.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in reversed(certificates)))
    return key_path, cert_path


def test_configured_key_signs(settings: Any, tmp_path: Path) -> None:
    settings.KEYS = tmp_path / "keys"
    settings.SIGNING_KEY, settings.SIGNING_CERT = map(str, _configure(tmp_path))
    pdf = signed()
    assert signing.judge(pdf) is Verdict.VALID
    assert status_of(pdf, signing.trusted_roots()).bottom_line
    assert not settings.KEYS.exists()


def test_documents_signed_before_a_key_was_configured_are_still_recognised(settings: Any, tmp_path: Path) -> None:
    old = signed()
    settings.SIGNING_KEY, settings.SIGNING_CERT = map(str, _configure(tmp_path))
    assert signing.judge(old) is Verdict.VALID
    assert signing.judge(old + b" ") is Verdict.ALTERED


def test_retired_root_is_still_recognised(settings: Any, tmp_path: Path) -> None:
    settings.KEYS = tmp_path / "keys"
    settings.SIGNING_KEY, settings.SIGNING_CERT = map(str, _configure(tmp_path))
    pdf = signed()
    retired = settings.KEYS / "documents"
    retired.mkdir(parents=True)
    shutil.copy(settings.SIGNING_CERT, retired / "trusted-2026.pem")
    settings.SIGNING_KEY = settings.SIGNING_CERT = ""
    assert signing.judge(pdf) is Verdict.VALID


@pytest.mark.parametrize("broken", ("missing", "half", "no key", "no certificate", "other key"))
def test_unusable_configuration_is_said_clearly(settings: Any, tmp_path: Path, broken: str) -> None:
    key, cert = _configure(tmp_path)
    if broken == "missing":
        key.unlink()
    if broken == "no key":
        key.write_text("hello")
    if broken == "no certificate":
        cert.write_text("hello")
    if broken == "other key":
        other = tmp_path / "other"
        other.mkdir()
        os.replace(_configure(other)[0], key)
    settings.SIGNING_KEY, settings.SIGNING_CERT = str(key), "" if broken == "half" else str(cert)
    with pytest.raises(ImproperlyConfigured, match=r"sign|SIGN"):
        signed()


def test_signing_works_inside_a_running_event_loop() -> None:
    async def inside() -> Verdict:
        return signing.judge(signed())

    assert apart(lambda: asyncio.run(inside())) is Verdict.VALID


def test_same_form_differs_only_in_its_signature() -> None:
    first, second = signed(), signed()
    length = len(unsigned())
    assert first[:length] == second[:length]


def test_file_names_the_address_where_it_is_verified() -> None:
    assert _named_in(signed()) == IMPRINT.code
    assert _named_in(unsigned()) == ""


def test_signature_holds_for_long_documents() -> None:
    assert (
        signing.judge(signed(render_pdf(shcc_layout(), filled(content_scope="长" * 10_000), IMPRINT))) is Verdict.VALID
    )
