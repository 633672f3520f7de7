from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RegulationConfig(AppConfig):
    name = "xianshen.regulation"
    label = "regulation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from xianshen.common.language import provide_wording
        from xianshen.regulation.selectors import wording

        autodiscover_modules("rules")
        provide_wording(wording)
