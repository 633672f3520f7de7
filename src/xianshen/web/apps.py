from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "xianshen.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.web import finding, work

        work.register_providers()
        finding.register_providers()
