from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "xianshen.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let ``/verify/CODE`` answer for the codes of accounts."""
        from xianshen.directory import cards
        from xianshen.documents import verification

        verification.register(cards.look_up)
