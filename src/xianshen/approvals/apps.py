from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "xianshen.approvals"
    label = "approvals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.approvals.deadlines import StepDeadlines
        from xianshen.clocks import subjects

        subjects.register(StepDeadlines())
