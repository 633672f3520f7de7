"""Values of a draft held against what the policy offers."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from xianshen.registry.enums import InNameOf
from xianshen.regulation.enums import FieldType, SubjectKind
from xianshen.regulation.schema import FieldSpec, Policy


def refused_values(values: Mapping[str, object], policy: Policy, *, columns: frozenset[str]) -> dict[str, list[str]]:
    """Return, by field, what is wrong with values that are about to be kept in a draft.

    Args:
        values: column or field code → value; empty ones are never wrong.
        policy: the policy in force, whose form the draft fills in.
        columns: codes that every draft has, whatever the form asks.
    """
    fields = {field.code: field for field in policy.form_for(SubjectKind.OPENING_APPLICATION).fields}
    found: dict[str, list[str]] = {}
    not_offered = _("没有这一项。从列出的里面选。")
    for code, value in values.items():
        if code not in columns and code not in fields:
            found[code] = [_("申请表里没有这一栏。刷新页面，按现在的申请表填。")]
        elif value in (None, "", []):
            continue
        elif code == "in_name_of":
            if value not in InNameOf.values:
                found[code] = [not_offered]
        elif code == "platform" or (code in fields and fields[code].type == FieldType.PLATFORM):
            if value not in {platform.code for platform in policy.platforms}:
                found[code] = [not_offered]
        elif code in fields and not _offers(fields[code], value):
            found[code] = [not_offered]
    return found


def _offers(field: FieldSpec, value: object) -> bool:
    if field.type == FieldType.BOOLEAN:
        return isinstance(value, bool)
    offered = {choice.code for choice in field.choices}
    chosen = value if isinstance(value, (list, tuple)) else [value]
    return not offered or offered.issuperset(chosen)
