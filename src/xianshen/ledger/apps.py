from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class LedgerConfig(AppConfig):
    name = "xianshen.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load every room's events, so that timelines can show what rooms not yet imported have recorded."""
        from xianshen.ledger import checks  # noqa: F401

        for config in apps.get_app_configs():
            if config.name.startswith("xianshen.") and module_has_submodule(config.module, "events"):
                import_module(f"{config.name}.events")
