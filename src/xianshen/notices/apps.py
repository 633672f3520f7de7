from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "xianshen.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the tasks, so that services can hand work to them."""
        from xianshen.notices import tasks  # noqa: F401
