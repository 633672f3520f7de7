from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "xianshen.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the tasks, so that services can hand work to them."""
        from xianshen.documents import tasks  # noqa: F401
