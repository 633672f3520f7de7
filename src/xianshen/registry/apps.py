from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "xianshen.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.approvals import subjects
        from xianshen.registry.approval import OpeningApplicationHandler

        subjects.register(OpeningApplicationHandler())
