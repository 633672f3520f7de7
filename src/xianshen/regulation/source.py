"""Reading pack files: YAML into plain data that remembers on which line everything stands."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

FILE_LIMIT = 2 * 1024 * 1024
DEPTH_LIMIT = 40

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Location = tuple[str | int, ...]
Item = tuple[Location, dict[str, Any]]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Something wrong in a pack, at a place that an editor can jump to.

    Args:
        file: path of the file, as it was given.
        line: line number from 1.
        field: path of the field within the file, e.g. ``chains[0].steps[1].position``.
        message: what is wrong, for people.
    """

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


@dataclass(slots=True)
class SourceFile:
    """A pack file as plain data.

    Args:
        path: path as given.
        data: content as JSON values; None when the file cannot be read.
        lines: line of every key and item by its location.
        mistakes: what is wrong with the file as YAML.
    """

    path: Path
    data: JSON = None
    lines: dict[Location, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line_of(self, location: Location) -> int:
        """Return the line of a location, or of the nearest thing around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def mistake(self, location: Location, message: str) -> Mistake:
        return Mistake(str(self.path), self.line_of(location), field_path(location), message)


def field_path(location: Location) -> str:
    """Write a location as people read it: ``("chains", 0, "id")`` → ``chains[0].id``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "."


def mappings_at(data: Any, *location: str | int) -> Iterator[Item]:
    """Walk the mappings of the list at a location, skipping whatever has the wrong type."""
    value = data
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield (*location, index), item


def read_source(path: Path) -> SourceFile:
    """Read a YAML file. Mistakes of syntax are kept in the result, never raised.

    Args:
        path: file to read.
    """
    source = SourceFile(path)
    try:
        if path.stat().st_size > FILE_LIMIT:
            source.mistakes.append(source.mistake((), _("文件太大，最多 2 MB。")))
            return source
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        source.mistakes.append(source.mistake((), _("缺少这个文件。")))
        return source
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        source.mistakes.append(Mistake(str(path), line, ".", _("不是 UTF-8 文本。")))
        return source
    except OSError as error:
        source.mistakes.append(source.mistake((), _("读不出来：%(why)s。") % {"why": error.strerror or error}))
        return source
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = ", ".join(part for part in (error.context, error.problem) if part)
        source.mistakes.append(Mistake(str(path), line, ".", _("YAML 写法有误：%(what)s。") % {"what": what}))
        return source
    except (yaml.YAMLError, RecursionError) as error:
        source.mistakes.append(source.mistake((), _("YAML 写法有误：%(what)s。") % {"what": error}))
        return source
    if node is None:
        source.mistakes.append(source.mistake((), _("文件是空的。")))
        return source
    source.lines[()] = node.start_mark.line + 1
    source.data = _Reader(source).read(node, ())
    if not isinstance(source.data, dict):
        source.mistakes.append(source.mistake((), _("最外层应当是「键: 值」。")))
        source.data = None
    return source


class _Reader:
    """Turns a tree of YAML nodes into JSON values, noting lines."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.seen: set[int] = set()

    def wrong(self, node: yaml.Node, location: Location, message: str) -> None:
        line = node.start_mark.line + 1
        self.source.mistakes.append(Mistake(str(self.source.path), line, field_path(location), message))

    def read(self, node: yaml.Node, location: Location) -> JSON:
        if id(node) in self.seen:
            self.wrong(node, location, _("不能用 YAML 的别名（&、*），直接写出内容。"))
            return None
        self.seen.add(id(node))
        if len(location) > DEPTH_LIMIT:
            self.wrong(node, location, _("层次太深。"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return self.sequence(node, location)
        return self.scalar(node, location)

    def mapping(self, node: yaml.MappingNode, location: Location) -> JSON:
        values: dict[str, JSON] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.wrong(key_node, location, _("键应当是文字。"))
                continue
            key = str(key_node.value)
            here = (*location, key)
            if key in values:
                self.wrong(key_node, here, _("「%(key)s」写了两次。") % {"key": key})
                continue
            self.source.lines[here] = key_node.start_mark.line + 1
            values[key] = self.read(value_node, here)
        return values

    def sequence(self, node: yaml.SequenceNode, location: Location) -> JSON:
        values: list[JSON] = []
        for index, item in enumerate(node.value):
            here = (*location, index)
            self.source.lines[here] = item.start_mark.line + 1
            values.append(self.read(item, here))
        return values

    def scalar(self, node: yaml.Node, location: Location) -> JSON:
        tag, text = node.tag.rpartition(":")[2], str(node.value)
        try:
            match tag:
                case "null":
                    return None
                case "bool":
                    return text.lower() in {"true", "yes", "on"}
                case "int":
                    return int(text.replace("_", ""), 0)
                case "float":
                    number = float(text.replace("_", ""))
                    if not math.isfinite(number):
                        raise ValueError(text)
                    return number
                case "str" | "timestamp":
                    json.dumps(text).encode()
                    return text
        except ValueError:
            self.wrong(node, location, _("数字「%(text)s」读不懂。") % {"text": text})
            return None
        self.wrong(node, location, _("不能用 YAML 标签 %(tag)s。") % {"tag": node.tag})
        return None
