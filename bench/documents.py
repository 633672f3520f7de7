"""How long a form takes: ``python -m bench.documents``. The bar is half a second for a signed PDF, warm."""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from bench.table import machine, percentile, table

ROOT = Path(__file__).resolve().parent.parent
RUNS = 30
BAR = 0.5
CODE, URL = "7KQ4-2MX9", "https://xianshen.example.edu.cn/verify/7KQ4-2MX9"


def timed(work: Callable[[int], bytes]) -> tuple[float, list[float], int]:
    """Return the time of the first run, the times of the others, and the size of what came out."""
    times = []
    size = 0
    for number in range(RUNS + 1):
        start = time.perf_counter()
        size = len(work(number))
        times.append(time.perf_counter() - start)
    return times[0], times[1:], size


def main() -> None:
    """Print the table; each run renders other contents, so that nothing comes from a cache."""
    from dataclasses import replace

    from xianshen.documents import signing
    from xianshen.documents.rendering.docx import render_docx
    from xianshen.documents.rendering.layout import FormData, Imprint, OpinionBox
    from xianshen.documents.rendering.paper import paper_of
    from xianshen.documents.rendering.pdf import render_pdf
    from xianshen.documents.rendering.policy_forms import layout_of
    from xianshen.regulation.loader import check_pack

    pack, mistakes = check_pack(ROOT / "policies" / "shcc")
    if pack is None:
        raise SystemExit("\n".join(map(str, mistakes)))
    form = next(form for form in pack.policies[-1].forms if form.code == "annex_1")
    layout = layout_of(form)
    imprint = Imprint(CODE, URL, date(2026, 11, 23), "上海海关学院")
    opinions = {
        box.code: OpinionBox("同意开设。", "李四", "主任", "办公室", date(2026, 11, 23), f"上海海关学院{box.label[:4]}")
        for box in form.opinion_boxes
    }
    values = {field.code: f"{field.label}的内容" for field in form.fields}
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def data(number: int, *, scope: str = "") -> FormData:
        return FormData({**values, "name": f"第{number}号账号", "content_scope": scope or "发布内容。"}, opinions)

    def pdf(number: int, scope: str = "") -> bytes:
        return render_pdf(layout, data(number, scope=scope), replace(imprint, code=f"{number:04}-2MX9"))

    def signed(content: bytes) -> bytes:
        return signing.sign_pdf(content, reason="开设申请表", place="上海海关学院", contact=URL, at=at)

    prepared = pdf(0)
    held = signed(prepared)
    work: dict[str, Callable[[int], bytes]] = {
        "PDF of annex 1, two copies (Typst)": pdf,
        "signature (pyHanko, RSA 3072)": lambda _: signed(prepared),
        "PDF and signature": lambda number: signed(pdf(1000 + number)),
        "the same with 10,000 characters": lambda number: signed(pdf(2000 + number, "长" * 10_000)),
        "DOCX of annex 1, two copies": lambda number: render_docx(layout, data(number), imprint),
        "layout for the page (paper)": lambda number: repr(paper_of(layout, data(number))).encode(),
        "judging a signed PDF": lambda _: signing.judge(held).value.encode(),
    }
    rows = []
    for name, run in work.items():
        first, later, size = timed(run)
        rows.append(
            (
                name,
                f"{first * 1000:.0f} ms",
                f"{percentile(later, 0.5) * 1000:.1f} ms",
                f"{percentile(later, 0.95) * 1000:.1f} ms",
                f"{size / 1024:.0f} KB" if size > 1024 else "",
            )
        )
    table(f"Documents, {RUNS} runs each", ("what", "first", "p50", "p95", "size"), rows)
    whole = float(rows[2][3].split()[0]) / 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"bar: signed PDF within {BAR} s warm: {'kept' if whole <= BAR else 'MISSED'} ({whole:.3f} s at p95)")
    print(f"peak memory of the process: {peak:.0f} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XIANSHEN_DATA"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianshen.settings")
        import django

        django.setup()
        print(machine())
        main()
