"""Addresses: each room brings its own."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from xianshen.web.views import errors


def _room(prefix: str, module: str) -> list[URLPattern | URLResolver]:
    try:
        return [path(prefix, include(module))] if find_spec(module) else []
    except ImportError:  # rooms under construction; goes away with them
        return []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("xianshen.web.urls")),
    path("me/", include("xianshen.organisation.urls")),
    *_room("regulation/", "xianshen.regulation.urls"),
    *_room("", "xianshen.documents.urls"),
    *_room("organisation/", "xianshen.web.organisation_urls"),
    *_room("approvals/", "xianshen.approvals.urls"),
    *_room("", "xianshen.registry.urls"),
    *_room("directory/", "xianshen.directory.urls"),
    *_room("api/v1/", "xianshen.directory.api_urls"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
