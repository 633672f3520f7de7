from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class WebConfig(AppConfig):
    name = "xianshen.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.web import finding, work

        work.register_providers()
        finding.register_providers()
        user_logged_in.connect(_keep_language, dispatch_uid="web.keep_language")


def _keep_language(sender: object, request: Any, user: Any, **_rest: Any) -> None:
    """Let the person's own language hold for the session (the middleware reads it from there)."""
    if request is not None and hasattr(request, "session"):
        request.session["language"] = getattr(user, "language", "")
