"""The small PDF files that the demonstration's sponsoring units have on file."""

import json
from functools import cache
from pathlib import Path

import typst
from django.core.files.uploadedfile import SimpleUploadedFile

from xianshen.documents.rendering import fonts

TEMPLATE = Path(__file__).resolve().parent / "paper.typ"
TEXTS = {
    "responsibility_system": (
        "本单位主要负责人是新媒体建设和管理第一责任人。",
        "新媒体管理员负责账号和密码的保管、日常编辑和留言处理。",
        "出现不当信息时，管理员立即报告主要负责人，并在半小时内处置。",
    ),
    "team": (
        "本单位设新媒体管理员一名、编辑两名、审核人一名。",
        "人员变动后三天内调整分工，并通知办公室。",
        "每学期组织一次业务和保密培训。",
    ),
    "review_mechanism": (
        "稿件由编辑起草，审核人初审，主要负责人终审，先审后发。",
        "涉及学校重大事项的，只转发学校官方微博、微信的信息。",
        "每次审核留下记录，保存两年。",
    ),
}


@cache
def _compiler() -> typst.Compiler:
    bundled = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(fonts.FOLDER)])
    return typst.Compiler(str(TEMPLATE), font_paths=bundled, ignore_system_fonts=True)


def sponsor_paper(*, kind: str, title: str, unit: str, institution: str) -> SimpleUploadedFile:
    """Return a one-page PDF as it would be uploaded.

    Args:
        kind: code of the part of the unit's file.
        title: title of the document.
        unit: name of the unit.
        institution: name of the institution.
    """
    data = {"title": f"{unit}{title}", "unit": f"{institution}{unit}", "lines": TEXTS.get(kind, ("详见附件。",))}
    inputs = {"data": json.dumps(data, ensure_ascii=False), "font": fonts.SERIF}
    pdf = _compiler().compile(format="pdf", sys_inputs=inputs, timestamp=0)
    assert isinstance(pdf, bytes)
    return SimpleUploadedFile(f"{unit}{title}.pdf", pdf, "application/pdf")
