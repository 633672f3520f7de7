from importlib import import_module

from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "xianshen.organisation"
    label = "organisation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Declares events; a missing module would otherwise show at the first sign-in only.
        import_module("xianshen.organisation.adapters")
