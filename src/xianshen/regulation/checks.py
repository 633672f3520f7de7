"""What must fit together in a version of a pack, beyond the types of single fields.

The checks read plain data, so that they also work on a version with mistakes of type and all
mistakes are reported at once. Only the last ones need a whole policy.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from xianshen.regulation.enums import NameRuleKind, SubjectKind, UnitRole
from xianshen.regulation.formchecks import FormChecks, codes_in
from xianshen.regulation.numerals import article_label
from xianshen.regulation.schema import Policy
from xianshen.regulation.source import JSON, Item, Location, Mistake, SourceFile, mappings_at

Place = Callable[[Location], tuple[SourceFile, Location]]
CLOCK_KEYS = frozenset({"due", "validity", "check", "correction", "rectification"})


class _Anything:
    """Holds every name; stands for a section that could not be read, which is a mistake of its own."""

    def __contains__(self, name: object) -> bool:
        return True


class VersionChecks:
    """The checks of one version.

    Args:
        data: sections of the version as plain data, perhaps with mistakes of type.
        place: tells in which file a location stands.
        declared: rule ids that code declares.
    """

    def __init__(self, data: dict[str, JSON], place: Place, declared: frozenset[str]) -> None:
        self.data: dict[str, Any] = dict(data)
        self.place = place
        self.declared = declared
        self.mistakes: list[Mistake] = []
        self.articles = self._known("regulation", {item.get("number") for __, item in self._articles()})
        self.rules = self._known("rules", self._values("rules", key="id"))
        self.clocks = self._known("clocks", self._values("clocks", key="id"))
        self.platforms = self._known("platforms", self._values("platforms", key="code"))
        self.tiers = self._known("tiers", self._values("tiers", key="number"))
        self.homes = {
            item.get("code"): list(_strings(item.get("home"))) for __, item in self._items("organisation", "unit_kinds")
        }
        self.unit_kinds = self._known("organisation", set(self.homes))
        self.kinds_with = {
            item.get("code"): set(_strings(item.get("unit_kinds")))
            for __, item in self._items("organisation", "position_kinds")
        }
        self.position_kinds = self._known("organisation", set(self.kinds_with))
        self.form_specs = {item.get("code"): item for __, item in self._items("forms")}
        self.forms = self._known("forms", set(self.form_specs))

    def found(self, policy: Policy | None) -> list[Mistake]:
        """Run all checks.

        Args:
            policy: the version as a policy, or None if mistakes of type stand in the way.
        """
        self._duplicates()
        self._text()
        self._references(self.data, ())
        self._organisation()
        self._patterns()
        self._seats()
        self._chains()
        FormChecks(self.data, self._wrong).run()
        self._names()
        self._dates()
        self._declared()
        if policy:
            self._coverage(policy)
        return self.mistakes

    def _wrong(self, location: Location, message: str) -> None:
        source, place = self.place(location)
        self.mistakes.append(source.mistake(place, message))

    def _known(self, section: str, names: set[Any]) -> Container[Any]:
        """Return the names that may be referred to: any, when their section could not be read."""
        return names if section in self.data else _Anything()

    def _items(self, *location: str | int) -> Iterator[Item]:
        return mappings_at(self.data, *location)

    def _values(self, *location: str | int, key: str) -> set[Any]:
        return {item[key] for __, item in self._items(*location) if isinstance(item.get(key), str | int)}

    def _articles(self) -> Iterator[Item]:
        for place, __ in self._items("regulation", "chapters"):
            yield from self._items(*place, "articles")

    # ── each thing once ──────────────────────────────

    def _duplicates(self) -> None:
        lists: list[tuple[Iterable[Item], str]] = [
            (self._items("rules"), "id"),
            (self._items("clocks"), "id"),
            (self._items("chains"), "id"),
            (self._items("platforms"), "code"),
            (self._items("tiers"), "number"),
            (self._items("forms"), "code"),
            (self._items("organisation", "unit_kinds"), "code"),
            (self._items("organisation", "position_kinds"), "code"),
            (self._items("sponsor_file", "parts"), "code"),
            (self._articles(), "number"),
        ]
        lists += [(self._items(*place, "steps"), "code") for place, __ in self._items("chains")]
        for place, __ in self._items("forms"):
            lists += [(self._items(*place, "fields"), "code"), (self._items(*place, "opinion_boxes"), "code")]
            lists += [(self._items(*field, "choices"), "code") for field, __ in self._items(*place, "fields")]
        for items, key in lists:
            seen: set[Any] = set()
            for place, item in items:
                value = item.get(key)
                if not isinstance(value, str | int):
                    continue
                if value in seen:
                    self._wrong((*place, key), _("「%(value)s」已经有了，不能重复。") % {"value": value})
                seen.add(value)

    # ── text and rules ───────────────────────────────

    def _text(self) -> None:
        before = 0
        ruled = {item.get("article") for __, item in self._items("rules")}
        for place, item in self._articles():
            number = item.get("number")
            if not isinstance(number, int):
                continue
            if number < before:
                self._wrong((*place, "number"), _("条的次序不对，前面已有%(label)s。") % {"label": _label(before)})
            before = max(before, number)
            if "rules" in self.data and number not in ruled:
                self._wrong(
                    (*place, "number"), _("%(label)s没有规则。在 rules.yaml 里写一条。") % {"label": _label(number)}
                )
        for place, item in self._items("rules"):
            article = item.get("article")
            if isinstance(article, int) and article not in self.articles:
                self._wrong((*place, "article"), _("没有第 %(number)s 条。") % {"number": article})

    def _declared(self) -> None:
        if "rules" not in self.data:
            return
        for rule in sorted(self.declared - self._values("rules", key="id")):
            self._wrong(("rules",), _("缺少程序要用的规则 %(rule)s。") % {"rule": rule})

    def _references(self, value: Any, location: Location) -> None:
        """Follow every reference to a rule, clock, platform, tier or unit kind."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._references(item, (*location, index))
        if not isinstance(value, dict):
            return
        for key, item in value.items():
            here = (*location, key)
            if isinstance(item, str):
                self._reference(key, item, here)
            elif key in {"tiers", "except_tiers"} and location:
                self._each(item, here, self.tiers, _("没有第 %(value)s 级。"))
            elif key == "tier":
                self._each([item], here, self.tiers, _("没有第 %(value)s 级。"), indexed=False)
            elif key == "platforms" and location:
                self._each(item, here, self.platforms, _("没有平台类型「%(value)s」。"))
            elif key in {"unit_kinds", "home"} and location and location[0] != "regulation":
                self._each(item, here, self.unit_kinds, _("没有单位类别「%(value)s」。"))
            self._references(item, here)

    def _reference(self, key: str, value: str, here: Location) -> None:
        if key == "rule" or key.endswith("_rule"):
            if value not in self.rules:
                self._wrong(here, _("没有规则「%(value)s」。") % {"value": value})
        elif key in CLOCK_KEYS:
            if value not in self.clocks:
                self._wrong(here, _("没有时限「%(value)s」。") % {"value": value})
        elif key == "position":
            if value not in self.position_kinds:
                self._wrong(here, _("没有职务类别「%(value)s」。") % {"value": value})
        elif key == "of" and value.startswith("kind:"):
            if value.removeprefix("kind:") not in self.unit_kinds:
                self._wrong(here, _("没有单位类别「%(value)s」。") % {"value": value.removeprefix("kind:")})
        elif key == "form" and here[0] == "chains" and value not in self.forms:
            self._wrong(here, _("没有表单「%(value)s」。") % {"value": value})

    def _each(self, values: Any, here: Location, known: Container[Any], text: str, *, indexed: bool = True) -> None:
        for index, value in enumerate(values if isinstance(values, list) else []):
            if isinstance(value, str | int) and not isinstance(value, bool) and value not in known:
                self._wrong((*here, index) if indexed else here, text % {"value": value})

    # ── organisation, platforms ──────────────────────

    def _organisation(self) -> None:
        for place, item in self._items("organisation", "unit_kinds"):
            if item.get("code") in self._above(item.get("code")):
                self._wrong((*place, "home"), _("「%(code)s」的归口绕成了圈。") % {"code": item.get("code")})
        organisation = self.data.get("organisation")
        roles = organisation.get("roles") if isinstance(organisation, dict) else None
        if not isinstance(roles, dict):
            return
        for role, kind in roles.items():
            if isinstance(kind, str) and kind not in self.unit_kinds:
                self._wrong(("organisation", "roles", role), _("没有单位类别「%(value)s」。") % {"value": kind})
        for role in UnitRole:
            if role not in roles:
                self._wrong(("organisation", "roles"), _("没有写哪一类单位是 %(role)s。") % {"role": role.value})

    def _above(self, kind: Any) -> set[Any]:
        """Return all kinds that a kind answers to, directly or not."""
        found: set[Any] = set()
        todo = list(self.homes.get(kind, []))
        while todo:
            above = todo.pop()
            if above not in found:
                found.add(above)
                todo += self.homes.get(above, [])
        return found

    def _patterns(self) -> None:
        for place, item in self._items("platforms"):
            for part in ("handle", "url"):
                spec = item.get(part)
                pattern = spec.get("pattern") if isinstance(spec, dict) else None
                if isinstance(pattern, str):
                    try:
                        re.compile(pattern)
                    except re.error as error:
                        self._wrong((*place, part, "pattern"), _("正则表达式有误：%(why)s。") % {"why": error})

    # ── who decides ──────────────────────────────────

    def _kinds(self, unit_kinds: Iterable[str], of: Any, here: Location) -> set[str]:
        """Return the kinds of unit that a relation leads to; say so when it leads nowhere."""
        if of == "sponsor":
            return set(unit_kinds)
        if of == "home":
            kinds: set[str] = set()
            for kind in unit_kinds:
                homes = self.homes.get(kind, [])
                if not homes:
                    self._wrong((*here, "of"), _("「%(kind)s」没有写归口单位（home）。") % {"kind": kind})
                kinds.update(homes)
            return kinds
        return {of.removeprefix("kind:")} if isinstance(of, str) and of.startswith("kind:") else set()

    def _seat(self, unit_kinds: Iterable[str], seat: Any, here: Location) -> set[tuple[str, str]]:
        """Check that every unit that a seat may lead to has the position; return the seats found."""
        if not isinstance(seat, dict):
            return set()
        position = seat.get("position")
        kinds = self._kinds(unit_kinds, seat.get("of"), here)
        if not isinstance(position, str) or position not in self.kinds_with:
            return set()
        for kind in sorted(kinds & set(self.homes) - self.kinds_with[position]):
            self._wrong(
                (*here, "position"),
                _("单位类别「%(kind)s」没有职务「%(position)s」。") % {"kind": kind, "position": position},
            )
        return {(position, kind) for kind in kinds}

    def _unit_kinds_of(self, item: dict[str, Any]) -> list[str]:
        """Return the unit kinds to which a condition applies: those it names, or those of the tiers it names."""
        when = item.get("when")
        when = when if isinstance(when, dict) else {}
        named = [kind for kind in _strings(when.get("unit_kinds")) if kind in self.homes]
        if named:
            return named
        every = [kind for kind in self.homes if kind]
        tiers = when.get("tiers")
        if not isinstance(tiers, list) or not tiers:
            return every
        of_tiers = [rule for __, rule in self._items("classification") if rule.get("tier") in tiers]
        return list(dict.fromkeys(kind for rule in of_tiers for kind in self._unit_kinds_of(rule))) or every

    def _seats(self) -> None:
        for place, item in self._items("classification"):
            self._seat(self._unit_kinds_of(item), item.get("first_responsible"), (*place, "first_responsible"))

    def _chains(self) -> None:
        for place, chain in self._items("chains"):
            unit_kinds = self._unit_kinds_of(chain)
            boxes = codes_in(self.form_specs.get(chain.get("form"), {}), "opinion_boxes")
            graph: dict[tuple[str, str], set[tuple[str, str]]] = {}
            for step_place, step in self._items(*place, "steps"):
                box = step.get("form_box")
                if isinstance(box, str) and boxes and box not in boxes:
                    self._wrong(
                        (*step_place, "form_box"),
                        _("表单「%(form)s」没有意见栏「%(box)s」。") % {"form": chain.get("form"), "box": box},
                    )
                deciding = self._seat(unit_kinds, step, step_place)
                escalation = self._seat(unit_kinds, step.get("escalate_to"), (*step_place, "escalate_to"))
                for seat in deciding:
                    graph.setdefault(seat, set()).update(escalation)
                if any(_reaches(graph, seat, seat) for seat in deciding):
                    self._wrong((*step_place, "escalate_to"), _("上交绕成了圈，无人能办。"))
            self._seat(unit_kinds, chain.get("report"), (*place, "report"))

    # ── names, dates, coverage ───────────────────────

    def _names(self) -> None:
        for place, item in self._items("name_rules"):
            needs_words = item.get("kind") in {
                NameRuleKind.PREFIX,
                NameRuleKind.RESERVED_NAME,
                NameRuleKind.RESERVED_WORD,
            }
            has_words = bool(item.get("words")) or item.get("institution_names") is True
            if needs_words and not has_words:
                self._wrong(place, _("没有写 words，也没有写 institution_names: true。"))

    def _dates(self) -> None:
        regulation = self.data.get("regulation")
        if not isinstance(regulation, dict):
            return
        promulgated, start, until = (
            regulation.get(key) for key in ("promulgated_on", "effective_from", "effective_until")
        )
        if isinstance(promulgated, str) and isinstance(start, str) and start < promulgated:
            self._wrong(("regulation", "effective_from"), _("施行日早于公布日。"))
        if isinstance(until, str) and isinstance(start, str) and until < start:
            self._wrong(("regulation", "effective_until"), _("失效日早于施行日。"))

    def _coverage(self, policy: Policy) -> None:
        """Check that whatever gets a tier also gets a chain, for every subject that the pack knows."""
        subjects = {chain.subject for chain in policy.chains} | {SubjectKind.OPENING_APPLICATION}
        used = {item.tier for item in policy.classification}
        for index, tier in enumerate(policy.tiers):
            if tier.number not in used:
                self._wrong(("tiers", index, "number"), _("没有账号归入这一级。"))
        reported: set[tuple[str, int, str]] = set()
        for kind in policy.organisation.unit_kinds:
            for platform in policy.platforms:
                item = policy.classification_for(unit_kind=kind.code, platform=platform.code)
                if item is None:
                    continue
                for subject in sorted(subjects):
                    key = (subject, item.tier, kind.code)
                    if key not in reported and not _has_chain(policy, subject, item.tier, kind.code, platform.code):
                        reported.add(key)
                        self._wrong(
                            ("classification", policy.classification.index(item), "tier"),
                            _("第 %(tier)s 级的「%(kind)s」没有审批链（%(subject)s）。")
                            % {"tier": item.tier, "kind": kind.title, "subject": subject.value},
                        )


def _has_chain(policy: Policy, subject: SubjectKind, tier: int, unit_kind: str, platform: str) -> bool:
    try:
        policy.chain_for(subject=subject, tier=tier, unit_kind=unit_kind, platform=platform)
    except KeyError:
        return False
    return True


def _reaches(graph: dict[tuple[str, str], set[tuple[str, str]]], start: tuple[str, str], goal: tuple[str, str]) -> bool:
    todo, seen = list(graph.get(start, ())), set()
    while todo:
        seat = todo.pop()
        if seat == goal:
            return True
        if seat not in seen:
            seen.add(seat)
            todo += graph.get(seat, ())
    return False


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _label(number: int) -> str:
    try:
        return article_label(number)
    except ValueError:
        return str(number)
