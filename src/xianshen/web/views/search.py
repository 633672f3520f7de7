"""One search box over accounts, applications and articles."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xianshen.web import search

QUERY_LENGTH = 100


@login_required
@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what matches ``q``, room by room."""
    query = request.GET.get("q", "")[:QUERY_LENGTH].replace("\0", "").strip()
    found = search.search(request, query)
    context = {"query": query, "found": found, "total": sum(len(one.hits) for one in found)}
    return render(request, "web/search.html", context)
