from django.apps import AppConfig


class RegulationConfig(AppConfig):
    name = "xianshen.regulation"
    label = "regulation"
    default_auto_field = "django.db.models.BigAutoField"
