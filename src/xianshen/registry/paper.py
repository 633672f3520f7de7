"""An application as words: the values printed on the annex and what its opinions say (selectors)."""

from collections.abc import Mapping
from operator import eq
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.approvals.enums import Verdict
from xianshen.common.language import institution_language, listed, local, stored
from xianshen.documents.rendering.layout import FormData, OpinionBox
from xianshen.registry.checks import one_line, value_of
from xianshen.registry.enums import InNameOf
from xianshen.registry.models import OpeningApplication
from xianshen.regulation.enums import FieldType
from xianshen.regulation.schema import FieldSpec, NotInPolicy, Policy
from xianshen.regulation.selectors import policy_version

if TYPE_CHECKING:
    from xianshen.approvals.models import ApprovalChain


IN_NAME_OF = gettext_lazy("以谁的名义")
DIFFERENCE = gettext_lazy("和相近账号有什么不同")
#: Words of ours, not of the pack, in what is submitted.
OWN_WORDS = (IN_NAME_OF, DIFFERENCE, gettext_lazy("是"), gettext_lazy("否"), *(one.label for one in InNameOf))


def words_for(field: FieldSpec, value: object, policy: Policy) -> str:
    """Return a field's value as people read it, in the active language."""
    if value is None or value == "" or value == []:
        return ""
    if field.type == FieldType.PLATFORM:
        try:
            return local(policy.platform(str(value)).name)
        except NotInPolicy:
            return str(value)
    if field.type == FieldType.BOOLEAN:
        return _("是") if value else _("否")
    if field.choices:
        labels = {choice.code: local(choice.label) for choice in field.choices}
        chosen = value if isinstance(value, list) else [value]
        return listed(labels.get(str(code), str(code)) for code in chosen)
    if isinstance(value, list):
        return listed(value)
    return str(value)


def form_values(application: OpeningApplication, policy: Policy, form_code: str) -> dict[str, str]:
    """Return field code → words, for the printed form, in its language."""
    with institution_language():
        return {
            field.code: words_for(field, value_of(application, field.code), policy)
            for field in policy.form(form_code).fields
        }


def content_of(application: OpeningApplication, policy: Policy, form_code: str) -> dict[str, str]:
    """Return label → words of everything that is submitted, printed on the form or not; kept with its digest."""
    values = form_values(application, policy, form_code)
    content = {one_line(field.label): values[field.code] for field in policy.form(form_code).fields}
    with institution_language():
        content[str(IN_NAME_OF)] = str(InNameOf(application.in_name_of).label)
        if application.difference.strip():
            content[str(DIFFERENCE)] = application.difference.strip()
    return content


def shown(words: str) -> str:
    """Return a label or value of what was submitted in the reader's language; what people wrote stays as it is."""
    with institution_language():
        own = {str(word): word for word in OWN_WORDS}
    if words in own:
        return str(own[words])
    parts = words.split("、")
    translated = [local(part) for part in parts]
    return words if any(map(eq, parts, translated)) else listed(translated)


def opinion_texts(chain: "ApprovalChain") -> Mapping[str, OpinionBox]:
    """Return the opinions of a round by the box of the form that they fill; steps and opinions prefetched."""
    found = {}
    for step in chain.steps.all():
        opinions = [o for o in step.opinions.all() if o.verdict in {Verdict.AGREE, Verdict.DISAGREE, Verdict.RETURN}]
        if not step.form_box or not opinions:
            continue
        opinion = opinions[-1]
        found[step.form_box] = OpinionBox(
            text=opinion.text or stored(Verdict(opinion.verdict).label),
            signer=opinion.person_name,
            position=opinion.position_title,
            unit=opinion.unit_name,
            date=timezone.localdate(opinion.signed_at),
            seal_text=opinion.seal_text if opinion.verdict == Verdict.AGREE else "",
            on_behalf_of=opinion.on_behalf_of,
        )
    return found


def printed_form(chain: "ApprovalChain") -> FormData:
    """Return what is printed of a record: the values as submitted in this round, and its opinions."""
    policy = policy_version(chain.policy_version_id)
    form = policy.form(policy.chain(chain.spec).form)
    values = {field.code: chain.content.get(one_line(field.label), "") for field in form.fields}
    holders = tuple(chain.unit.name if holder.of == "sponsor" else holder.label for holder in form.copies.holders)
    return FormData(values=values, opinions=opinion_texts(chain), copies=holders)
