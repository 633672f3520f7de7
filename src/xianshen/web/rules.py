from xianshen.common.rules import declare, registry

LEDGER_VIEW = declare("accountability.trace", room="web")

registry.shown_on(LEDGER_VIEW, "web:ledger")
registry.shown_on(LEDGER_VIEW, "web:ledger_record")
