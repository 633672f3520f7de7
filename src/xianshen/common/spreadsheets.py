"""Looking into an XLSX before opening it: is it one, is it safe, and what would a reader of values miss.

A reader of values sees an empty cell where a formula was never calculated, drops error cells and leading
zeros that exist only in a number format, and allocates every cell between the first and the last. So the
archive is walked once with a streaming parser, and a workbook beyond the limits is refused unopened.
"""

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

#: A workbook of 50,000 rows and ten columns unpacks to about 40 MB; more than this is no list of people.
MAX_UNPACKED = 256 * 1024 * 1024
#: Spreadsheet XML packs about 10:1, long runs of equal rows up to 150:1; bombs start at 1000:1.
MAX_RATIO = 300
#: Below this size a high ratio is harmless.
RATIO_MATTERS_FROM = 4 * 1024 * 1024
#: Parts in the archive; ordinary workbooks have fewer than a hundred.
MAX_PARTS = 2_000
#: Last row and column that may hold something; a reader allocates the whole rectangle.
MAX_ROW, MAX_COLUMN = 110_000, 200

_CHUNK = 256 * 1024
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")
_ZEROS = re.compile(r"0{2,30}\Z")


class UnsafeSpreadsheet(Exception):
    """The file is not opened.

    Attributes:
        reason: ``not_xlsx``, ``broken``, ``too_large`` (unpacked), ``too_many_cells``, ``macros``,
            ``encrypted`` or ``active`` (document types and entities).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class SheetNotes:
    """What a reader of values would miss in a sheet; cells are (row, column), both from 1.

    Args:
        last_row: last row holding something.
        last_column: last column holding something.
        uncalculated: cells with a formula but no stored result.
        errors: cells holding an error such as ``#REF!``.
        padded: numeric cells shown with leading zeros, and the width shown.
        merged: merged ranges as (first row, first column, last row, last column).
    """

    last_row: int = 0
    last_column: int = 0
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    padded: dict[tuple[int, int], int] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def inspect_workbook(content: bytes) -> dict[str, SheetNotes]:
    """Walk an XLSX and return notes per sheet name, in the workbook's order.

    Args:
        content: the file.

    Raises:
        UnsafeSpreadsheet: it is not opened, and why.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise UnsafeSpreadsheet("not_xlsx")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise UnsafeSpreadsheet("macros")
            widths = _Styles().walk(archive, "xl/styles.xml").widths if "xl/styles.xml" in names else {}
            notes: dict[str, SheetNotes] = {}
            for name in sorted(names):
                if name.endswith((".xml", ".rels", ".vml")):
                    notes[name] = _Cells(widths).walk(archive, name).notes
                else:
                    _unpack(archive, name)
            return _by_sheet_name(archive, names, notes)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, KeyError, ValueError) as error:
        raise UnsafeSpreadsheet("broken") from error
    except (NotImplementedError, RuntimeError) as error:
        raise UnsafeSpreadsheet("encrypted") from error


def _check_archive(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or len({part.filename for part in parts}) != len(parts):
        raise UnsafeSpreadsheet("broken")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnsafeSpreadsheet("too_large")
    for part in parts:
        if part.flag_bits & 0x1:
            raise UnsafeSpreadsheet("encrypted")
        if part.file_size > RATIO_MATTERS_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnsafeSpreadsheet("too_large")


def _unpack(archive: zipfile.ZipFile, name: str) -> None:
    """Read a part to its end, so that a size declared too small shows as a wrong checksum."""
    with archive.open(name) as part:
        while part.read(_CHUNK):
            pass


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Walker:
    """Base of the streaming parsers; entities and document types are refused."""

    def walk(self, archive: zipfile.ZipFile, name: str) -> "_Walker":
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        self.connect(parser)
        with archive.open(name) as part:
            while chunk := part.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
        return self

    def connect(self, parser: expat.XMLParserType) -> None:
        raise NotImplementedError

    @staticmethod
    def _refuse(*_arguments: object) -> None:
        raise UnsafeSpreadsheet("active")


class _Styles(_Walker):
    """Which cell styles show numbers with leading zeros, and how wide."""

    def __init__(self) -> None:
        self.widths: dict[int, int] = {}
        self._formats: dict[str, int] = {}
        self._inside = False
        self._count = 0

    def walk(self, archive: zipfile.ZipFile, name: str) -> "_Styles":
        super().walk(archive, name)
        return self

    def connect(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if local == "numFmt" and _ZEROS.match(attributes.get("formatCode", "")):
            self._formats[attributes.get("numFmtId", "")] = len(attributes["formatCode"])
        elif local == "cellXfs":
            self._inside = True
        elif local == "xf" and self._inside:
            width = self._formats.get(attributes.get("numFmtId", ""))
            if width:
                self.widths[self._count] = width
            self._count += 1

    def _end(self, name: str) -> None:
        if _local(name) == "cellXfs":
            self._inside = False


class _Cells(_Walker):
    """What stands in the cells of one part; parts without cells leave empty notes."""

    def __init__(self, widths: dict[int, int]) -> None:
        self.notes = SheetNotes()
        self._widths = widths
        self._row = self._column = 0
        self._type = self._style = ""
        self._cell = self._formula = self._filled = self._value = False
        self._text: list[str] = []

    def walk(self, archive: zipfile.ZipFile, name: str) -> "_Cells":
        super().walk(archive, name)
        return self

    def connect(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if local == "c":
            self._begin_cell(attributes)
        elif local == "v":
            self._value, self._text = True, []
        elif local == "f":
            self._formula = True
        elif local == "is":
            self._filled = True
        elif local == "row":
            self._row = int(attributes["r"]) if attributes.get("r", "").isdigit() else self._row + 1
            self._column = 0
        elif local == "mergeCell":
            first, _colon, last = attributes.get("ref", "").partition(":")
            self.notes.merged.append((*_cell(first), *_cell(last or first)))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r", "")
        if reference:
            self._row, self._column = _cell(reference)
        else:
            self._column += 1
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._cell, self._formula, self._filled = True, False, False

    def _data(self, text: str) -> None:
        if self._value:
            self._text.append(text)

    def _end(self, name: str) -> None:
        local = _local(name)
        if local == "v":
            self._value = False
            self._filled = self._filled or bool("".join(self._text))
        elif local == "c" and self._cell:
            self._end_cell()

    def _end_cell(self) -> None:
        self._cell = False
        if not (self._filled or self._formula):
            return
        notes, at = self.notes, (self._row, self._column)
        notes.last_row = max(notes.last_row, self._row)
        notes.last_column = max(notes.last_column, self._column)
        if notes.last_row > MAX_ROW or notes.last_column > MAX_COLUMN:
            raise UnsafeSpreadsheet("too_many_cells")
        if self._formula and not self._filled:
            notes.uncalculated.add(at)
        elif self._type == "e":
            notes.errors[at] = "".join(self._text)
        elif self._type == "n" and self._style.isdigit():
            width = self._widths.get(int(self._style))
            if width:
                notes.padded[at] = width


def _cell(reference: str) -> tuple[int, int]:
    found = _REFERENCE.match(reference.replace("$", ""))
    if found is None:
        raise UnsafeSpreadsheet("broken")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


class _Attributes(_Walker):
    """The attributes of all elements of one name."""

    def __init__(self, element: str) -> None:
        self.found: list[dict[str, str]] = []
        self._element = element

    def walk(self, archive: zipfile.ZipFile, name: str) -> "_Attributes":
        super().walk(archive, name)
        return self

    def connect(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == self._element:
            self.found.append({_local(key): value for key, value in attributes.items()})


def _by_sheet_name(archive: zipfile.ZipFile, names: set[str], notes: dict[str, SheetNotes]) -> dict[str, SheetNotes]:
    relations = "xl/_rels/workbook.xml.rels"
    targets = {}
    if relations in names:
        for relation in _Attributes("Relationship").walk(archive, relations).found:
            target = relation.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            targets[relation.get("Id", "")] = path
    sheets = {}
    for sheet in _Attributes("sheet").walk(archive, "xl/workbook.xml").found:
        path = targets.get(sheet.get("id", ""), "")
        sheets[sheet.get("name", "")] = notes.get(path, SheetNotes())
    return sheets
