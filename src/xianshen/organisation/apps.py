from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "xianshen.organisation"
    label = "organisation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.organisation import adapters

        assert adapters.AccountAdapter
