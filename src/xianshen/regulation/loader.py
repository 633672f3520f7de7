"""Loading packs: every mistake is found and named; a broken pack never loads half.

A pack is a folder with ``pack.yaml`` and one folder per version (docs/policy-packs.md).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from xianshen.common.rules import registry
from xianshen.regulation.checks import VersionChecks
from xianshen.regulation.schema import InstitutionNames, Policy, PolicyModel
from xianshen.regulation.source import JSON, Location, Mistake, SourceFile, read_source
from xianshen.regulation.wording import Wording, check_wording, files_in

PACK_FILE = "pack.yaml"
VERSION_FILES: dict[str, tuple[str, ...]] = {
    "regulation.yaml": (),
    "rules.yaml": ("rules",),
    "organisation.yaml": (),
    "platforms.yaml": ("platforms",),
    "tiers.yaml": ("tiers", "classification"),
    "approvals.yaml": ("chains", "annual_review"),
    "forms.yaml": ("forms",),
    "names.yaml": ("name_rules",),
    "clocks.yaml": ("clocks", "calendar", "notices"),
    "signing.yaml": ("signing",),
    "sponsoring.yaml": ("sponsor_file", "custody", "data_services"),
}
"""Files of a version and the sections in each; a file without sections is one section by its own name."""

UNNAMED: JSON = {"code": "unnamed", "name": "—", "short_name": "—"}
"""Stands in for the institution of a pack whose head has mistakes, so that its versions are checked all the same."""

LABEL = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack without mistakes.

    Args:
        institution: the institution as the pack names it.
        policies: versions in the order in which they come into force.
        wording: label of the version → language → its texts in that language.
    """

    institution: InstitutionNames
    policies: tuple[Policy, ...]
    wording: Mapping[str, Mapping[str, Wording]] = field(default_factory=dict)


def check_pack(path: Path, *, declared: Iterable[str] | None = None) -> tuple[Pack | None, list[Mistake]]:
    """Read a pack and find every mistake in it.

    Args:
        path: folder of the pack.
        declared: rule ids that a pack must have; those that code declares unless given.

    Returns:
        The pack and no mistakes, or None and the mistakes in the order of files and lines.
    """
    wanted = frozenset(registry.rules if declared is None else declared)
    head = read_source(path / PACK_FILE)
    mistakes = list(head.mistakes)
    names: InstitutionNames | None = None
    if head.data is not None:
        names, wrong = _validated(InstitutionNames, head.data, lambda location: (head, location))
        mistakes += wrong
    versions: list[_Version] = []
    folders = sorted(item for item in path.iterdir() if item.is_dir()) if path.is_dir() else []
    folders = [folder for folder in folders if not folder.name.startswith((".", "_"))]
    if head.data is not None and not folders:
        mistakes.append(head.mistake((), _("没有版本。每个版本放在一个文件夹里，如 2026/。")))
    for folder in folders:
        version = _Version(folder, head.data if names else None)
        mistakes += version.check(wanted)
        versions.append(version)
    mistakes += _overlaps(versions)
    if mistakes or names is None:
        return None, sorted(set(mistakes))
    policies = [version.policy for version in versions if version.policy]
    wording = {version.folder.name: version.wording for version in versions if version.wording}
    return Pack(names, tuple(sorted(policies, key=lambda policy: policy.effective_from)), wording), []


class _Version:
    """One version folder while it is being checked."""

    def __init__(self, folder: Path, institution: JSON) -> None:
        self.folder = folder
        self.institution = institution
        self.sources = {name: read_source(folder / name) for name in VERSION_FILES}
        self.policy: Policy | None = None
        self.wording: dict[str, Wording] = {}

    def check(self, wanted: frozenset[str]) -> list[Mistake]:
        mistakes = [mistake for source in self.sources.values() for mistake in source.mistakes]
        if not LABEL.fullmatch(self.folder.name):
            mistakes.append(Mistake(str(self.folder), 1, ".", _("版本文件夹的名称只用字母、数字、点和减号。")))
        mistakes += self._unknown_files()
        data, homes, wrong = self._merged()
        mistakes += wrong
        document: dict[str, JSON] = {"label": self.folder.name, **data}
        document["institution"] = self.institution or UNNAMED
        policy, wrong = _validated(Policy, document, lambda location: self._place(location, homes))
        named = {(mistake.file, mistake.field) for mistake in mistakes}
        mistakes += [
            item for item in wrong if (item.file, item.field) not in named and not self._follows_from_file(item)
        ]
        checks = VersionChecks(data, lambda location: self._place(location, homes), wanted)
        mistakes += checks.found(policy)
        if policy:
            self.wording, wrong = check_wording(self.folder, policy)
            mistakes += wrong
        if policy and not mistakes:
            self.policy = policy
        return mistakes

    def _unknown_files(self) -> list[Mistake]:
        known = {*VERSION_FILES, *(path.name for path in files_in(self.folder).values())}
        files = [item for item in self.folder.iterdir() if item.suffix in {".yaml", ".yml"} and item.name not in known]
        return [Mistake(str(item), 1, ".", _("不认识这个文件。")) for item in files]

    def _merged(self) -> tuple[dict[str, JSON], dict[str, tuple[SourceFile, bool]], list[Mistake]]:
        """Put the sections of all files together; note in which file each stands."""
        data: dict[str, JSON] = {}
        homes: dict[str, tuple[SourceFile, bool]] = {}
        mistakes: list[Mistake] = []
        for name, sections in VERSION_FILES.items():
            source = self.sources[name]
            if not sections:
                section = name.removesuffix(".yaml")
                homes[section] = (source, True)
                if source.data is not None:
                    data[section] = source.data
                continue
            homes |= dict.fromkeys(sections, (source, False))
            content = source.data if isinstance(source.data, dict) else {}
            for key, value in content.items():
                if key in sections:
                    data[key] = value
                else:
                    mistakes.append(source.mistake((key,), _("不认识这个字段。")))
        return data, homes, mistakes

    def _place(self, location: Location, homes: Mapping[str, tuple[SourceFile, bool]]) -> tuple[SourceFile, Location]:
        section = str(location[0]) if location else ""
        if section not in homes:
            return self.sources["regulation.yaml"], ()
        source, whole_file = homes[section]
        return source, location[1:] if whole_file else location

    def _follows_from_file(self, mistake: Mistake) -> bool:
        """Tell whether a missing section only follows from a file that could not be read."""
        return any(source.data is None and str(source.path) == mistake.file for source in self.sources.values())


def _overlaps(versions: Iterable[_Version]) -> list[Mistake]:
    """Find versions that are in force on the same days by their own dates."""
    mistakes = []
    ordered = sorted(
        ((version, dates) for version in versions if (dates := _dates(version))),
        key=lambda item: (item[1], item[0].folder),
    )
    for (earlier, (start, until)), (later, (later_start, _until)) in pairwise(ordered):
        source = later.sources["regulation.yaml"]
        if start == later_start or (until and until >= later_start):
            mistakes.append(
                source.mistake(
                    ("effective_from",), _("与版本 %(label)s 的有效期重叠。") % {"label": earlier.folder.name}
                )
            )
    return mistakes


def _dates(version: _Version) -> tuple[str, str] | None:
    data = version.sources["regulation.yaml"].data
    start = data.get("effective_from") if isinstance(data, dict) else None
    until = data.get("effective_until") if isinstance(data, dict) else None
    return (start, until if isinstance(until, str) else "") if isinstance(start, str) else None


def _validated(model: type[Any], data: JSON, place: Any) -> tuple[Any, list[Mistake]]:
    """Validate data strictly, as JSON; translate pydantic's errors into mistakes."""
    if not issubclass(model, PolicyModel):
        raise TypeError(model)
    try:
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        mistakes = []
        for detail in error.errors(include_url=False):
            source, location = place(detail["loc"])
            mistakes.append(source.mistake(location, _message(detail)))
        return None, mistakes


def _message(detail: ErrorDetails) -> str:
    """Say in the interface language what pydantic found."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return f"{context['error']}。"
    texts = {
        "missing": _("缺少这个字段。"),
        "extra_forbidden": _("不认识这个字段。"),
        "string_type": _("应当是文字。"),
        "int_type": _("应当是整数。"),
        "float_type": _("应当是数字。"),
        "bool_type": _("应当是 true 或 false。"),
        "tuple_type": _("应当是列表。"),
        "frozen_set_type": _("应当是列表。"),
        "dict_type": _("应当是「键: 值」。"),
        "model_type": _("应当是「键: 值」。"),
        "date_type": _("应当是日期，如 2026-09-01。"),
        "date_parsing": _("应当是日期，如 2026-09-01。"),
        "date_from_datetime_parsing": _("应当是日期，如 2026-09-01。"),
        "date_from_datetime_inexact": _("应当是日期，如 2026-09-01。"),
        "string_too_short": _("不能为空。"),
        "too_short": _("至少写一项。"),
    }
    if kind in texts:
        return texts[kind]
    if kind in {"enum", "literal_error"}:
        return _("「%(value)s」不在词表里，应当是 %(expected)s。") % {
            "value": detail["input"],
            "expected": str(context["expected"]).replace(" or ", ", "),
        }
    if kind == "string_pattern_mismatch":
        return _("「%(value)s」写法不合规定，应当符合 %(pattern)s。") % {
            "value": detail["input"],
            "pattern": context["pattern"],
        }
    if kind == "string_too_long":
        return _("太长，最多 %(limit)s 个字。") % {"limit": context["max_length"]}
    if kind == "too_long":
        return _("最多 %(limit)s 项。") % {"limit": context["max_length"]}
    limits = {"greater_than_equal": ("≥", "ge"), "greater_than": (">", "gt"), "less_than_equal": ("≤", "le")}
    if kind in limits:
        sign, key = limits[kind]
        return _("应当 %(sign)s %(limit)s。") % {"sign": sign, "limit": context[key]}
    return _("写法有误：%(what)s。") % {"what": detail["msg"]}
