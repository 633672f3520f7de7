from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "xianshen.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.approvals import subjects
        from xianshen.clocks import consequences
        from xianshen.clocks import subjects as clock_subjects
        from xianshen.documents import access
        from xianshen.registry import custody, filed, filing_approval, reading, selectors, server_approval, servers
        from xianshen.registry.approval import OpeningApplicationHandler
        from xianshen.registry.file_clocks import SPONSOR_PART_TYPE, SponsorFileDeadlines, part_ran_out
        from xianshen.regulation.enums import Consequence

        subjects.register(OpeningApplicationHandler())
        subjects.register(server_approval.ServerFilingHandler())
        clock_subjects.register(server_approval.ServerValidity())
        consequences.register(Consequence.SUSPEND_SERVER_LAPSED, server_approval.expire)
        subjects.register(filing_approval.FilingHandler())
        clock_subjects.register(filing_approval.FilingDeadlines())
        clock_subjects.register(filing_approval.LegacyDeadlines())
        consequences.register(Consequence.SUSPEND_LEGACY_UNFILED, filing_approval.run_out_legacy)
        clock_subjects.register(custody.CustodyCheckDeadlines())
        clock_subjects.register(SponsorFileDeadlines())
        consequences.register(Consequence.EXPIRE, part_ran_out, subject_type=SPONSOR_PART_TYPE)
        access.register(filed.FILING_TYPE, reading.may_read_filing)
        access.register(selectors.APPLICATION_TYPE, reading.may_read_application)
        access.register(servers.SERVER_FILING_TYPE, reading.may_read_server_filing)
        access.register(selectors.SPONSOR_FILE_TYPE, reading.may_read_sponsor_file)
