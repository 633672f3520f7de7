from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "xianshen.assessment"
    label = "assessment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.approvals import subjects
        from xianshen.assessment import figures, reading, records, selectors
        from xianshen.assessment.approval import AnnualReviewHandler
        from xianshen.assessment.deadlines import ReportDeadlines, ReviewDeadlines
        from xianshen.assessment.services import suspend_undone
        from xianshen.clocks import consequences
        from xianshen.clocks import subjects as clocks
        from xianshen.documents import access
        from xianshen.regulation.enums import Consequence

        subjects.register(AnnualReviewHandler())
        access.register(selectors.REVIEW_TYPE, reading.may_read_review)
        clocks.register(ReviewDeadlines())
        clocks.register(ReportDeadlines())
        consequences.register(Consequence.SUSPEND_NOT_REVIEWED, suspend_undone)
        consequences.register(Consequence.SUSPEND_REVIEW_FAILED, suspend_undone)
        for provider in (records.LastYear(), records.HandedInList(), records.AccountRecord()):
            figures.register(provider)
