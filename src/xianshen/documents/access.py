"""Who may read the documents and attachments of a record: the room that owns the record says so.

Rooms above register one predicate per subject type in their ``AppConfig.ready``. A subject type that
nobody registered is read by nobody.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from xianshen.common.decisions import Decision, Denied

if TYPE_CHECKING:
    from xianshen.organisation.selectors import Grants

Predicate = Callable[[int, str, "Grants"], Decision]
"""Takes institution id, subject id and the reader's grants (``grants.person_id`` is the reader)."""

_predicates: dict[str, Predicate] = {}


def register(subject_type: str, predicate: Predicate) -> None:
    """Register who may read what belongs to records of a type; a second predicate for it is an error."""
    if subject_type in _predicates:
        raise ValueError(f"readers of {subject_type} are registered already")
    _predicates[subject_type] = predicate


def registered() -> frozenset[str]:
    """Return the subject types that have a predicate."""
    return frozenset(_predicates)


def may_read(*, institution_id: int, subject_type: str, subject_id: str, grants: "Grants") -> Decision:
    """Say whether the reader may see the documents and attachments of a record."""
    predicate = _predicates.get(subject_type)
    if predicate is None:
        return Denied(_("这份文件没有对外开放的阅读范围。需要时找经办单位要。"))
    return predicate(institution_id, subject_id, grants)
