"""The product's addresses and the two bare views that everything is compared with."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone

from bench.models import Mark
from xianshen.organisation.models import Unit


@login_required
def one_query(request: HttpRequest) -> HttpResponse:
    """An authenticated view with one query of its own: the physical limit of a page here."""
    return HttpResponse("\n".join(Unit.objects.values_list("name", flat=True)[:20]))


@login_required
def read_insert(request: HttpRequest) -> HttpResponse:
    """One read and one insert in a transaction: the physical limit of a decision here."""
    with transaction.atomic():
        name = Unit.objects.values_list("name", flat=True).first() or ""
        Mark.objects.create(at=timezone.now(), text=name)
    return HttpResponse("ok")


urlpatterns = [
    path("bench/one-query/", one_query),
    path("bench/read-insert/", read_insert),
    path("", include("xianshen.urls")),
]
