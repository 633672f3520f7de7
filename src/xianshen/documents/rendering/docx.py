"""Annexes as DOCX, from the same layout as the PDF: same input, same bytes.

A file that anybody can edit carries no drawn seal: it says in words who sealed, and that the signed
PDF is what counts.
"""

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from xml.sax.saxutils import quoteattr

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.section import WD_ORIENTATION, WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from xianshen.documents.rendering import words
from xianshen.documents.rendering.layout import (
    Cell,
    CellKind,
    FormData,
    FormLayout,
    Imprint,
    OpinionBox,
    chinese_date,
    value_of,
)
from xianshen.documents.rendering.qr import qr_png
from xianshen.documents.rendering.text import clean

LATIN = "Times New Roman"
HAN = "宋体"
FONTS = {
    LATIN: ("Liberation Serif", "roman"),
    HAN: ("SimSun,Songti SC,STSong,Noto Serif CJK SC,Noto Serif SC,Source Han Serif SC", "auto"),
    "仿宋": ("FangSong,STFangsong,仿宋_GB2312,Noto Serif CJK SC", "auto"),
}
BODY, SMALL = Pt(11.5), Pt(8.5)
MM_PER_CHAR, MM_PER_LINE = 4.06, 6.2
BLANK_DAY = date(2000, 1, 1)
NO_BREAK_SPACE = "\u00a0"


def render_docx(layout: FormLayout, data: FormData, imprint: Imprint | None = None) -> bytes:
    """Return the form with all its copies as one DOCX, a section per copy.

    Args:
        layout: the form.
        data: what is written on it; ``FormData()`` gives the blank form.
        imprint: code and address for the footer; None leaves the footer without them.
    """
    document = Document()
    _prepare(document, layout, imprint)
    copies = [words.COPY.format(holder=clean(holder)) for holder in (data.copies or layout.copies)] or [""]
    for index, copy in enumerate(copies):
        section = document.sections[0] if index == 0 else document.add_section(WD_SECTION.NEW_PAGE)
        _page(section, layout)
        _footer(section, copy, imprint)
        _head(document, layout, data, copy)
        _table(document, layout, data)
        for note in layout.notes:
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.space_before = Pt(4)
            _write(paragraph, note, size=Pt(10.5))
    out = BytesIO()
    document.save(out)
    return _fixed(out.getvalue())


def _prepare(document: DocumentObject, layout: FormLayout, imprint: Imprint | None) -> None:
    """Set fonts, language and properties, and take away what depends on the hour of writing."""
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = LATIN, BODY
    properties = normal.element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), HAN)
    language = OxmlElement("w:lang")
    for key, value in (("w:val", "en-US"), ("w:eastAsia", "zh-CN")):
        language.set(qn(key), value)
    properties.append(language)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.15
    day = imprint.issued_on if imprint else BLANK_DAY
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    core = document.core_properties
    core.title, core.author = clean(layout.title), clean(imprint.issuer) if imprint else ""
    core.created = core.modified = moment
    core.comments = core.keywords = imprint.code if imprint else ""
    core.last_modified_by, core.revision, core.language = "", 1, "zh-CN"
    package = document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]
    for part in package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            part._blob = _font_table()


def _font_table() -> bytes:
    """Name the fonts with others that may stand in for them where they are missing."""
    fonts = "".join(
        f"<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(others)}/>"
        f"<w:family w:val={quoteattr(family)}/></w:font>"
        for name, (others, family) in FONTS.items()
    )
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}<w:fonts xmlns:w="{namespace}">{fonts}</w:fonts>'.encode()


def _page(section: Section, layout: FormLayout) -> None:
    paper = layout.paper
    section.page_width, section.page_height = Mm(paper.width), Mm(paper.height)
    landscape = paper.width > paper.height
    section.orientation = WD_ORIENTATION.LANDSCAPE if landscape else WD_ORIENTATION.PORTRAIT
    section.top_margin, section.bottom_margin = Mm(paper.top), Mm(max(paper.bottom, 25))
    section.left_margin, section.right_margin = Mm(paper.left), Mm(paper.right)
    section.header_distance, section.footer_distance = Mm(10), Mm(6)
    properties = section._sectPr
    for old in properties.findall(qn("w:pgNumType")):
        properties.remove(old)
    numbering = OxmlElement("w:pgNumType")
    numbering.set(qn("w:start"), "1")
    properties.find(qn("w:pgMar")).addnext(numbering)


def _text_width(layout: FormLayout) -> float:
    return layout.paper.width - layout.paper.left - layout.paper.right


def _footer(section: Section, copy: str, imprint: Imprint | None) -> None:
    """Write QR code, verification code and page number, so that each copy counts its own pages."""
    footer = section.footer
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    if imprint:
        paragraph.add_run().add_picture(BytesIO(qr_png(imprint.url)), width=Mm(14))
        _write(paragraph, f" {words.CODE} {imprint.code}", size=SMALL, bold=True)
        _write(paragraph, f"　{imprint.url}", size=SMALL)
        paragraph = footer.add_paragraph()
        _write(paragraph, words.EDITABLE, size=SMALL)
        paragraph = footer.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    before, middle, after = words.PAGE.replace("{pages}", "{page}").split("{page}")
    _write(paragraph, f"{copy}　{before}" if copy else before, size=SMALL)
    _field(paragraph, "PAGE")
    _write(paragraph, middle, size=SMALL)
    _field(paragraph, "SECTIONPAGES")
    _write(paragraph, after, size=SMALL)


def _field(paragraph: Paragraph, instruction: str) -> None:
    for kind in ("begin", "instruction", "separate", "result", "end"):
        run = paragraph.add_run("1" if kind == "result" else None)
        run.font.size = SMALL
        if kind == "instruction":
            element = OxmlElement("w:instrText")
            element.text = f" {instruction} "
            run._r.append(element)
        elif kind != "result":
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            run._r.append(element)


def _head(document: DocumentObject, layout: FormLayout, data: FormData, copy: str) -> None:
    head = document.add_paragraph()
    head.paragraph_format.tab_stops.add_tab_stop(Mm(_text_width(layout)), alignment=2)
    _write(head, layout.number, size=Pt(14))
    if copy:
        head.add_run("\t")
        _write(head, copy, size=Pt(10.5))
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(8), Pt(8)
    _write(title, layout.title, size=Pt(18), bold=True)
    if layout.caption:
        caption = document.add_paragraph()
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.paragraph_format.space_after = Pt(6)
        _write(caption, layout.caption_with(data.values), size=Pt(13))


def _table(document: DocumentObject, layout: FormLayout, data: FormData) -> None:
    table = document.add_table(rows=len(layout.rows), cols=len(layout.columns))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _borders(table)
    scale = _text_width(layout) / sum(layout.columns)
    widths = [column * scale for column in layout.columns]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row, spec in zip(table.rows, layout.rows, strict=True):
        row.height, row.height_rule = Mm(spec.height), WD_ROW_HEIGHT_RULE.AT_LEAST
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    grid = layout.grid()
    for row_index, line in enumerate(layout.rows):
        for cell_index, spec_cell in enumerate(line.cells):
            column = grid[row_index].index((row_index, cell_index))
            target = table.cell(row_index, column)
            if spec_cell.colspan > 1 or spec_cell.rowspan > 1:
                last = table.cell(row_index + spec_cell.rowspan - 1, column + spec_cell.colspan - 1)
                target = target.merge(last)
            width = sum(widths[column : column + spec_cell.colspan])
            _fill(target, spec_cell, line.height, width, data)


def _borders(table: Table) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("w:val", "single"), ("w:sz", "6"), ("w:space", "0"), ("w:color", "000000")):
            line.set(qn(key), value)
        borders.append(line)
    table._tbl.tblPr.find(qn("w:tblLayout")).addprevious(borders)


def _fill(target: _Cell, cell: Cell, height: float, width: float, data: FormData) -> None:
    paragraph = target.paragraphs[0]
    target.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    if cell.kind is CellKind.LABEL:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _write(paragraph, cell.text)
    elif cell.kind is CellKind.FIELD:
        _write(paragraph, value_of(cell, data))
    elif cell.kind is CellKind.CHECKBOXES:
        chosen = data.chosen(cell.key)
        boxes = (
            (words.TICKED_BOX if option.chosen_in(chosen) else words.BOX) + option.label for option in cell.options
        )
        _write(paragraph, "\u3000".join(boxes))
    else:
        _opinion(target, cell, data.opinions.get(cell.key) or OpinionBox(), height, width)


def _opinion(target: _Cell, cell: Cell, box: OpinionBox, height: float, width: float) -> None:
    """Write the opinion at the top and signature and date at the bottom of its box."""
    target.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.TOP
    paragraph = target.paragraphs[0]
    paragraph.paragraph_format.first_line_indent = BODY * 2
    _write(paragraph, box.text)
    below = [f"{cell.signature} {box.signature()}" if box.signature() else cell.signature + "\u3000" * 5]
    below += filter(None, [box.delegation(), words.SEALED.format(unit=box.seal_text) if box.seal_text else ""])
    below.append(chinese_date(box.date) if box.date else cell.blank_date.replace(" ", NO_BREAK_SPACE))
    per_line = max(1, int((width - 4) / MM_PER_CHAR))
    used = sum(1 + (len(line) + 2) // per_line for line in clean(box.text).split("\n")) + len(below)
    for index, line in enumerate(below):
        paragraph = target.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.keep_with_next = index < len(below) - 1
        if index == 0:
            paragraph.paragraph_format.space_before = Mm(max(2.0, height - used * MM_PER_LINE))
        _write(paragraph, line)


def _write(paragraph: Paragraph, text: str, *, size: Pt | None = None, bold: bool = False) -> Run:
    run = paragraph.add_run(clean(text))
    run.font.name, run.bold = LATIN, bold or None
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HAN)
    if size is not None:
        run.font.size = size
    return run


def _fixed(content: bytes) -> bytes:
    """Return the same package with one date for all members."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            info = zipfile.ZipInfo(member.filename, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(info, source.read(member))
    return out.getvalue()
