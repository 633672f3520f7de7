from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "xianshen.clocks"
    label = "clocks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.clocks import consequences
        from xianshen.clocks.services import tell_overdue
        from xianshen.regulation.enums import Consequence

        consequences.register(Consequence.OVERDUE, tell_overdue)
