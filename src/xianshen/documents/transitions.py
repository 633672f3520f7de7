from django.utils.translation import gettext_lazy as _

from xianshen.documents import events
from xianshen.documents.enums import DocumentState
from xianshen.documents.models import IssuedDocument
from xianshen.documents.permissions import may_withdraw
from xianshen.workflow.tables import Transition, TransitionTable, anyone

# Issuing was judged where the decision was made; the worker only completes it.
DOCUMENT: TransitionTable[IssuedDocument] = TransitionTable(
    name="IssuedDocument",
    states=DocumentState,
    initial=frozenset({DocumentState.PENDING}),
    transitions=(
        Transition("complete", frozenset({DocumentState.PENDING}), DocumentState.VALID, anyone, events.DOCUMENT_SIGNED, "", _("生成并签名")),
        Transition("withdraw", frozenset({DocumentState.PENDING, DocumentState.VALID}), DocumentState.WITHDRAWN, may_withdraw, events.DOCUMENT_WITHDRAWN, "", _("撤回")),
    ),
)  # fmt: skip
