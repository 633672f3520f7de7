from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "xianshen.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"
