"""Addresses of the public API, below ``/api/v1/``."""

from django.urls import path, re_path

from xianshen.directory.api import nothing_here, open_to_all, patterns

urlpatterns = [
    path("", (patterns(), "ninja", "api-v1")),
    re_path(r"^.*$", open_to_all(nothing_here), name="api_nothing"),
]
