"""``{% load paper %}{% paper form data %}``: an annex on the page as it will be printed."""

from datetime import date
from typing import Any

from django import template

from xianshen.documents.rendering.layout import FormData, FormLayout
from xianshen.documents.rendering.paper import paper_of
from xianshen.documents.rendering.policy_forms import layout_of
from xianshen.regulation.schema import FormSpec

register = template.Library()


@register.inclusion_tag("documents/paper.html")
def paper(
    form: FormSpec | FormLayout,
    data: FormData | None = None,
    *,
    mine: str = "",
    preview: str = "",
    on: date | None = None,
    seal: str = "",
) -> dict[str, Any]:
    """``{% paper form data mine=step.form_box preview=opinion on=today seal=unit.seal_text %}``.

    Args:
        form: a form of a policy, or the layout kept with an issued document.
        data: what is written on it; nothing gives the blank form.
        mine: code of the opinion box that the reader is about to sign.
        preview: the opinion being written; the script keeps ``[data-opinion-preview]`` up to date.
        on: the day of signing, shown in that box.
        seal: the seal that signing will put there.
    """
    layout = form if isinstance(form, FormLayout) else layout_of(form)
    shown = paper_of(layout, data or FormData(), mine=mine, preview=preview or "", on=on, seal=seal or "")
    return {"paper": shown}
