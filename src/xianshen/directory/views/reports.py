"""Reporting an impostor, and reading the answer under the report's number; no sign-in."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from xianshen.common.actors import Actor
from xianshen.common.codes import normalise_code
from xianshen.common.language import local
from xianshen.directory.forms import NumberForm, ReportForm
from xianshen.directory.listing import policy_or_none
from xianshen.directory.models import LINK_LIMIT, NAME_LIMIT
from xianshen.directory.selectors import report_by_number
from xianshen.directory.services import TooManyReports, report_impostor
from xianshen.directory.texts import one_line
from xianshen.directory.views._shared import considerate, institution_of, source_of


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Take in a report."""
    institution = institution_of(request)
    policy = policy_or_none(institution.pk, timezone.localdate())
    platforms = [(spec.code, local(spec.name)) for spec in policy.platforms] if policy else []
    if request.method != "POST":
        initial = {
            "name": one_line(request.GET.get("name", ""), NAME_LIMIT),
            "link": one_line(request.GET.get("link", ""), LINK_LIMIT),
        }
        return _form(request, ReportForm(platforms=platforms, initial=initial))
    form = ReportForm(request.POST, platforms=platforms)
    if not form.is_valid():
        return _form(request, form, status=400)
    values = form.cleaned_data
    try:
        received = report_impostor(
            actor=Actor.public(institution_id=institution.pk, institution=institution.code),
            name=values["name"],
            platform=values["platform"],
            link=values["link"],
            text=values["text"],
            contact=values["contact"],
            source=source_of(request),
            now=timezone.now(),
        )
    except TooManyReports as refused:
        form.add_error(None, refused)
        return _form(request, form, status=429)
    except ValidationError as refused:
        form.add_error(None, refused)
        return _form(request, form, status=400)
    request.session["reported"] = received.number
    return redirect("directory:report_status", number=received.number)


def _form(request: HttpRequest, form: ReportForm, *, status: int = 200) -> HttpResponse:
    return render(request, "directory/report.html", {"form": form, "number_form": NumberForm()}, status=status)


@require_safe
@considerate
def look_up(request: HttpRequest) -> HttpResponse:
    """Lead from a typed number to its answer."""
    institution_of(request)
    form = NumberForm(request.GET or None)
    if form.is_bound and form.is_valid():
        number = normalise_code(form.cleaned_data["number"])
        found = report_by_number(number) if number else None
        if found is not None:
            return redirect("directory:report_status", number=found.number)
        form.add_error("number", _("没有这个编号。编号是 8 位数字和字母，对照着再写一次。"))
    return render(request, "directory/report_look_up.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
@considerate
def status(request: HttpRequest, number: str) -> HttpResponse:
    """Show how a report stands and its answer; nothing of what the reporter wrote beyond what was reported."""
    institution = institution_of(request)
    standard = normalise_code(number)
    found = report_by_number(standard) if standard else None
    if found is None or found.institution_id != institution.pk:
        raise Http404
    if standard != number:
        return redirect("directory:report_status", number=standard)
    context = {"report": found, "just_sent": request.session.get("reported") == found.number}
    return render(request, "directory/report_status.html", context)
