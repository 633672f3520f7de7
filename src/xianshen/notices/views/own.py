"""How a person wants notices."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xianshen.notices import services
from xianshen.notices.enums import NoticeKind
from xianshen.notices.forms import PreferenceForm
from xianshen.notices.models import Preference
from xianshen.notices.receiving import DIGEST_AT, Urgency
from xianshen.notices.selectors import preference_of
from xianshen.notices.views.shared import attempt, sending

if TYPE_CHECKING:
    from xianshen.organisation.models import Person


def _initial(preference: Preference) -> dict[str, object]:
    return {
        "email_on": preference.email_on,
        "email_kinds": [kind.value for kind in NoticeKind if kind.value not in preference.email_off_kinds],
        "digest": preference.digest,
        "digest_at": preference.digest_at or DIGEST_AT,
        "quiet_from": preference.quiet_from,
        "quiet_until": preference.quiet_until,
    }


def _saved(person: "Person", form: PreferenceForm) -> bool:
    return attempt(form, lambda: services.save_preference(person=person, **form.cleaned_data)) is not None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and keep how the person wants notices."""
    person = cast("Person", request.user)
    form = PreferenceForm(request.POST or None, initial=_initial(preference_of(person.pk)))
    if request.method == "POST":
        form = PreferenceForm(request.POST)
        if form.is_valid() and _saved(person, form):
            messages.success(request, _("记下了。下一条通知起照这样寄。"))
            return redirect("notices:preferences")
    urgent = Urgency(timezone.localdate()).urgent_kinds(person.institution_id)
    context = {
        "form": form,
        "person": person,
        "urgent": [NoticeKind(code).label for code in urgent if code in NoticeKind.values],
        **sending(),
    }
    return render(request, "notices/preferences.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def own_test(request: HttpRequest) -> HttpResponse:
    """Send the person a test e-mail."""
    person = cast("Person", request.user)
    try:
        services.send_own_test(person=person, now=timezone.now())
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        said = _("测试邮件已交给寄信程序，一两分钟内到 %(email)s。没收到先看垃圾箱。")
        messages.success(request, said % {"email": person.email})
    return redirect("notices:preferences")
