"""Addresses: each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from xianshen.web.views import errors

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("xianshen.web.urls")),
    path("me/", include("xianshen.organisation.urls")),
    path("regulation/", include("xianshen.regulation.urls")),
    path("organisation/", include("xianshen.web.organisation_urls")),
    path("approvals/", include("xianshen.approvals.urls")),
    path("directory/", include("xianshen.directory.urls")),
    path("api/v1/", include("xianshen.directory.api_urls")),
    path("", include("xianshen.documents.urls")),
    path("", include("xianshen.notices.urls")),
    path("", include("xianshen.clocks.urls")),
    path("", include("xianshen.registry.urls")),
    path("", include("xianshen.assessment.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
