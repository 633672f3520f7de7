"""The printable voucher (核验凭证): what verification said at a moment, and the code to ask again.

It is neither signed nor sealed on purpose: what counts is the answer behind the code, not the paper.
"""

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import typst
from django.utils.translation import gettext as _

from xianshen.common.zhdates import zh_datetime
from xianshen.documents.rendering import fonts
from xianshen.documents.rendering.qr import qr_svg
from xianshen.documents.rendering.text import chunks, clean

TEMPLATE = Path(__file__).resolve().parent / "typst" / "certificate.typ"
_lock = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    bundled = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.FOLDER)])
    return typst.Compiler(str(TEMPLATE), font_paths=bundled, ignore_system_fonts=True)


def render_certificate(
    *,
    institution: str,
    title: str,
    answer: str,
    standing: str,
    facts: Sequence[tuple[str, str]],
    code: str,
    url: str,
    good: bool,
    at: datetime,
) -> bytes:
    """Return the voucher as PDF; the same bytes for the same arguments.

    Args:
        institution: who answers.
        title: name of the account.
        answer: the one sentence that answers.
        standing: whether it may run now.
        facts: label and value, in order.
        code: verification code.
        url: address behind the QR code.
        good: whether the account may run.
        at: time of the answer.
    """
    inputs = {
        "title": clean(title),
        "institution": clean(institution),
        "heading": _("校园新媒体账号核验凭证"),
        "answer": chunks(clean(answer)),
        "standing": chunks(clean(standing)),
        "facts": [[clean(label), chunks(clean(value))] for label, value in facts],
        "qr": qr_svg(url),
        "qr-alt": _("核验二维码"),
        "code-label": _("核验码"),
        "code": code,
        "url": chunks(clean(url)),
        "scan": _("扫码可再查，结果以当时为准。"),
        "note": _("这张凭证记下 %(at)s 核验的结果，不盖章、不签名。账号的状态会变，要用时扫码再查一次。")
        % {"at": zh_datetime(at, year=True)},
        "good": good,
        "fonts": [fonts.SERIF, fonts.RARE_HAN, fonts.EMOJI],
    }
    data = json.dumps(inputs, ensure_ascii=False, separators=(",", ":"))
    with _lock:
        pdf = _compiler().compile(format="pdf", sys_inputs={"data": data}, timestamp=0)
    if not isinstance(pdf, bytes):
        raise TypeError("Typst returned no document")
    return pdf
