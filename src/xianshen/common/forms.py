"""Form fields and errors that every room's forms share."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy


def plain_text(value: object, *, lines: bool) -> str:
    """Return a text as it is kept: no control characters, one kind of line end, everything else untouched.

    Args:
        value: what was posted.
        lines: whether line breaks are kept; otherwise they become spaces.
    """
    text = str(value).encode("utf-8", "ignore").decode()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        text = text.replace("\n", " ").replace("\t", " ")
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")


def take_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a service refused beside the fields concerned; what has no field is shown above them."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        form.add_error(name if name in form.fields else None, errors)


class TextField(forms.CharField):
    """A text of limited length. The limit is said, not enforced by the browser: pasted text is never cut."""

    default_error_messages = {
        "max_length": gettext_lazy(
            "写了 %(show_value)d 字，最多 %(limit_value)d 字。这一栏还没有存，删去一些，或把详细内容放进材料。"
        ),
    }

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        self.lines = lines
        super().__init__(strip=False, **{"required": False, **kwargs})

    def to_python(self, value: Any) -> Any:
        return super().to_python(None if value is None else plain_text(value, lines=self.lines))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs: dict[str, Any] = super().widget_attrs(widget)
        return {key: setting for key, setting in attrs.items() if key not in {"maxlength", "minlength"}}
