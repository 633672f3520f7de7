"""The person's notices."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from xianshen.notices.selectors import notices_of, unread_count
from xianshen.notices.services import mark_read
from xianshen.web.views.frame import safe_next

PER_PAGE = 50


@login_required
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List the notices, newest first; ``unread=1`` shows only those not read."""
    person = int(request.user.pk or 0)
    notices = notices_of(person)
    only = request.GET.get("unread") == "1"
    if only:
        notices = notices.filter(read_at__isnull=True)
    page = Paginator(notices, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "only_unread": only, "unread": unread_count(person), "now": timezone.now()}
    return render(request, "web/notices.html", context)


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one notice as read and go where it leads."""
    notice = get_object_or_404(notices_of(int(request.user.pk or 0)), pk=pk)
    mark_read(person_id=notice.person_id, at=timezone.now(), notice_id=notice.pk)
    return HttpResponseRedirect(safe_next(request, notice.url))


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all notices as read."""
    mark_read(person_id=int(request.user.pk or 0), at=timezone.now())
    return redirect("web:notices")
