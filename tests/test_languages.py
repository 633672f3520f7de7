"""Every page in both languages: nothing of the other one but names and quoted words.

What people and the policy pack have written (names, opinions, the regulation) is taken out of a page first; what is
left is the program's own, and has to be in the language that was asked for.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from tests.support.college import College, build_college
from xianshen.approvals.enums import Verdict
from xianshen.common.actors import Actor
from xianshen.common.zhdates import zh_date, zh_datetime
from xianshen.directory import services as directory
from xianshen.directory.models import ImpostorReport
from xianshen.documents.models import IssuedDocument
from xianshen.organisation.models import Institution
from xianshen.organisation.services import delegate
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.regulation import services as regulation
from xianshen.regulation.models import PolicyVersion, PolicyWording
from xianshen.regulation.numerals import article_label

pytestmark = pytest.mark.django_db

HAN = re.compile(r"[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff]+")
LATIN = re.compile(r"[A-Za-z]{2,}")
#: Verification codes, shown as examples.
CODES = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CODE = {"script", "style", "code", "pre", "kbd", "samp"}
#: Attributes that people read or hear. Others in ``data-`` hand words over to scripts, beside codes.
READ = {"alt", "aria-label", "aria-description", "placeholder", "title", "label", "data-l"}
#: Formats, keys and units that have no other name in Chinese, and the codes of the public API.
LATIN_ALLOWED = {
    *("ID", "PDF", "DOCX", "XLSX", "CSV", "JSON", "PNG", "JPEG", "MB", "XML", "URL", "QQ", "APP", "TOTP", "UTF", "BOM"),
    *("Ctrl", "Enter", "Esc", "English"),
}
#: Where texts of the pack are kept: they are looked up in its translation when they are shown.
COPIES = frozenset(
    {
        *(
            "regulation.PolicyVersion",
            "regulation.PolicyWording",
            "ledger",
            "documents",
            "organisation.UnitKind",
            "organisation.PositionKind",
        ),
        *("approvals.ApprovalStep", "approvals.ApprovalChain.content", "notices.Notice"),
    }
)
#: The gallery shows each component with Chinese example data in every language.
EXAMPLES = {"web:gallery"}
#: Pages that name fields, addresses and tests as programs know them, or what the ledger recorded to the letter.
TECHNICAL = {"directory:api_guide", "directory:open_data", "regulation:map", "web:ledger", "web:ledger_record"}
#: Pages whose Chinese is quoted as it was kept: notices, and documents as they were issued.
KEPT = {"web:notices", "documents:verify_code"}
Page = tuple[str, str, dict[str, Any]]


@dataclass
class Text:
    """One piece of text of a page and where it stands."""

    text: str
    place: str


class _Reader(HTMLParser):
    """Collects what is read on a page, leaving out code, keys and parts marked as being in another language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.found: list[Text] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        other = tag != "html" and said.get("lang", self.language).lower() != self.language
        if tag not in VOID and (self._hidden or other or tag in CODE):
            self._hidden.append(tag)
        if not self._hidden:
            for name, value in said.items():
                if name in READ or (name.startswith("data-") and HAN.search(value) and self.language == "en"):
                    self.found.append(Text(value, f"{tag}[{name}]"))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(Text(" ".join(data.split()), "text"))


def read(html: str, language: str) -> list[Text]:
    reader = _Reader(language)
    reader.feed(html)
    return reader.found


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (leaf for key, item in value.items() for part in (key, item) for leaf in leaves(part))
    elif isinstance(value, list):
        yield from (leaf for item in value for leaf in leaves(item))


def written(*, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every text that people brought in, and the pack, less the fields named."""
    for model in apps.get_models():
        if not model.__module__.startswith("xianshen."):
            continue
        kinds = (models.CharField, models.TextField, models.JSONField)
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, kinds) and not {str(field), model._meta.app_label, model._meta.label} & without
        ]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                yield from leaves(value)
    for path in sorted((Path(settings.POLICIES) / "shcc").rglob("*.yaml")) if not without else ():
        yield from leaves(yaml.safe_load(path.read_text()))


def taking_out(texts: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes the texts, and the sentences of the longer ones, out of another.

    Single characters are initials of names in badges, and characters of the institution's seal.
    """
    whole = {" ".join(text.split()) for text in texts}
    parts = {part.strip() for text in whole for part in (text, *re.split(r"[。；]", text))}
    single = {text[0] for text in whole if text} | set("".join(Institution.objects.values_list("name", flat=True)))
    known = sorted((part for part in parts if len(part) > 1), key=len, reverse=True)

    def take_out(text: str) -> str:
        if text in whole or text in single:
            return ""
        for part in known:
            if part in text:
                text = text.replace(part, " ")
        return text

    return take_out


@pytest.fixture
def world(db: None) -> College:
    """Return a college in which each page has something to show."""
    now = timezone.now()
    college = build_college(now)
    account = college.opened()
    college.decide(college.submitted(name="法律系就业", handle="flx_job"), "head", Verdict.RETURN, "名称写全称。")
    college.submitted("library_operator", "library", name="图书馆新书", handle="lib_new")
    college.submitted("monitor", "class", name="法律一班", handle="law_2024_1")
    college.draft(name="法律系学习园", handle="flx_study_2", data_service=True)
    on = timezone.localdate(now)
    delegate(
        actor=college.actor("head"),
        position_id=college.positions["head"].pk,
        delegate_id=college.people["operator"].pk,
        starts_on=on,
        ends_on=on + timedelta(days=5),
        reason="出差",
        now=now,
    )
    regulation.publish_interpretation(actor=college.actor("media"), article=8, text="年审以年度计。", now=now)
    report(college, account, now)
    return college


def report(college: College, account: MediaAccount, now: datetime) -> None:
    code = college.institution.code
    directory.report_impostor(
        actor=Actor.public(institution_id=college.institution.pk, institution=code),
        name=f"{account.name}官方",
        platform="",
        link="https://weibo.com/fake",
        text="用校名卖课。",
        contact="13900001111",
        source="test",
        now=now,
    )


def pages(college: College) -> list[Page]:
    """Return role ("" for strangers), route and arguments of every page."""
    account = MediaAccount.objects.get()
    drafts = OpeningApplication.objects.order_by("pk")
    waiting = drafts.get(name="图书馆新书")
    chain = college.chain(waiting)
    version = PolicyVersion.objects.get()
    document = IssuedDocument.objects.first()
    reported = ImpostorReport.objects.get()
    unit, position, person = college.units["law"], college.positions["head"], college.people["operator"]
    every: list[Page] = [
        ("", "account_login", {}),
        ("", "account_reset_password", {}),
        ("", "account_inactive", {}),
        ("", "directory:list", {}),
        ("", "directory:verify", {}),
        ("", "directory:account", {"code": account.code}),
        ("", "directory:open_data", {}),
        ("", "directory:api_guide", {}),
        ("", "directory:report", {}),
        ("", "directory:report_look_up", {}),
        ("", "directory:report_status", {"number": reported.number}),
        ("", "documents:verify", {}),
        ("", "regulation:current", {}),
        ("", "regulation:article", {"number": 8}),
        ("", "regulation:version", {"version_id": version.pk}),
        ("", "regulation:compare", {}),
        ("", "regulation:map", {}),
        ("head", "approvals:chain", {"chain_id": college.chain(drafts.get(name="法律系就业")).pk}),
        ("library_head", "approvals:chain", {"chain_id": chain.pk}),
        ("library_operator", "registry:application", {"application_id": waiting.pk}),
        ("library_operator", "registry:application_paper", {"application_id": waiting.pk}),
        ("operator", "registry:application_edit", {"application_id": drafts.get(name="法律系就业").pk}),
        ("operator", "registry:application_edit", {"application_id": drafts.get(name="法律系学习园").pk}),
        ("operator", "registry:application_new", {}),
        ("operator", "account_change_password", {}),
        ("operator", "mfa_index", {}),
        ("operator", "account_logout", {}),
        ("media", "regulation:interpret", {"number": 8}),
        ("media", "regulation:readers", {"version_id": version.pk}),
        ("media", "directory:reports", {}),
        ("media", "directory:report_handle", {"report_id": reported.pk}),
        ("media", "registry:account_change", {"account_id": account.pk, "act": "suspend"}),
        ("media", "organisation:units", {}),
        ("media", "organisation:unit_new", {}),
        ("media", "organisation:unit", {"pk": unit.pk}),
        ("media", "organisation:unit_edit", {"pk": unit.pk}),
        ("media", "organisation:unit_close", {"pk": unit.pk}),
        ("media", "organisation:position_new", {"pk": unit.pk}),
        ("media", "organisation:position", {"pk": position.pk}),
        ("media", "organisation:people", {}),
        ("media", "organisation:person_new", {}),
        ("media", "organisation:person", {"pk": person.pk}),
        ("media", "organisation:person_edit", {"pk": person.pk}),
        *(("media", "organisation:import", {"kind": kind}) for kind in ("units", "people", "positions")),
        ("head", "organisation:delegations", {}),
        ("head", "organisation:delegation_new", {}),
        ("media", "web:ledger", {}),
        ("media", "web:ledger_record", {"subject_type": "registry.media_account", "subject_id": str(account.pk)}),
        ("media", "web:gallery", {}),
    ]
    if document:
        every.append(("", "documents:verify_code", {"code": document.code}))
    for role in ("media", "director", "head", "operator", "scitech"):
        every += [(role, f"web:{name}", {}) for name in ("workbench", "submitted", "done", "notices", "search")]
        every += [(role, f"registry:{name}", {}) for name in ("applications", "accounts", "files")]
        every += [(role, "registry:account", {"account_id": account.pk})] if role != "scitech" else []
    every += [("media", "registry:file", {"unit_id": unit.pk}), ("head", "registry:file", {"unit_id": unit.pk})]
    return every


def foreign(
    college: College,
    language: str,
    client_of: Callable[[Any], Client],
    judge: Callable[[str], list[str]],
    *,
    without: set[str],
    take_out: Callable[[str], str] | None = None,
) -> dict[str, list[str]]:
    """Return, for each page but those of the routes without, the texts in which the judge finds something."""
    clients: dict[str, Client] = {"": Client()}
    take_out = take_out or taking_out(written())
    found: dict[str, list[str]] = {}
    for role, route, arguments in pages(college):
        if role not in clients:
            clients[role] = client_of(college.people[role])
        clients[role].cookies[settings.LANGUAGE_COOKIE_NAME] = language
        response = clients[role].get(reverse(route, kwargs=arguments), follow=True)
        assert response.status_code == 200, (role, route, response.status_code)
        if route in without:
            continue
        bad = [
            f"{one.place}: {one.text}" for one in read(response.content.decode(), language) if judge(take_out(one.text))
        ]
        if bad:
            found[f"{role or 'public'} {route}"] = list(dict.fromkeys(bad))
    return found


def test_english_pages_have_no_chinese_but_names_and_quotations(
    world: College, client_of: Callable[[Any], Client]
) -> None:
    assert foreign(world, "en", client_of, HAN.findall, without=EXAMPLES) == {}


def test_english_pages_show_the_packs_words_in_english(world: College, client_of: Callable[[Any], Client]) -> None:
    """Names of units are data: 科技处 stays, 科技处意见 has to be translated."""
    take_out = taking_out(written(without=COPIES))
    texts = PolicyWording.objects.get(language="en").texts

    def untranslated(text: str) -> list[str]:
        left = take_out(text)
        return [chinese for chinese in texts if len(chinese) > 1 and chinese in left]

    found = foreign(world, "en", client_of, untranslated, without=EXAMPLES | TECHNICAL | KEPT, take_out=str)
    assert found == {}


def test_chinese_pages_have_no_english_words(world: College, client_of: Callable[[Any], Client]) -> None:
    def english(text: str) -> list[str]:
        return [word for word in LATIN.findall(CODES.sub(" ", text)) if word not in LATIN_ALLOWED]

    assert foreign(world, "zh-hans", client_of, english, without=EXAMPLES | TECHNICAL) == {}


def test_reading_a_page_finds_what_is_left_untranslated() -> None:
    html = '<html lang="en"><p>法律系 opened 开通</p><img alt="二维码"><a lang="zh-hans">中文</a><code>名</code><script>条</script></html>'
    take_out = taking_out(["法律系"])
    left = [one.text for one in read(html, "en") if HAN.search(take_out(one.text))]
    assert left == ["法律系 opened 开通", "二维码"]


def test_dates_and_citations_follow_the_language() -> None:
    day = datetime(2027, 3, 5, 9, 30, tzinfo=timezone.get_current_timezone())
    with translation.override("en"):
        english = zh_date(day, year=True), zh_datetime(day, year=True), article_label(21)
    with translation.override("zh-hans"):
        chinese = zh_date(day, year=True), zh_datetime(day, year=True), article_label(21)
    assert english == ("5 Mar 2027", "5 Mar 2027 09:30", "Article 21")
    assert chinese == ("2027年3月5日", "2027年3月5日 09:30", "第二十一条")
