from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "xianshen.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.approvals import subjects
        from xianshen.documents import access
        from xianshen.registry import reading, selectors
        from xianshen.registry.approval import OpeningApplicationHandler

        subjects.register(OpeningApplicationHandler())
        access.register(selectors.APPLICATION_TYPE, reading.may_read_application)
        access.register(selectors.SPONSOR_FILE_TYPE, reading.may_read_sponsor_file)
