"""PDF pages: what is printed can be read, and fits."""

from __future__ import annotations

import io
import unicodedata
from itertools import pairwise

import pypdf
import pypdfium2
import pytest

from wrencos_core import pdf
from wrencos_core.errors import FeatureUnavailable

PANGRAM = "Kem chống nắng dưỡng ẩm, sữa rửa mặt, tẩy tế bào chết, chỗ đứng kỹ lưỡng, quỵ lụy"


def texts_of(document: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages]


def test_vietnamese_text_can_be_read_again():
    writer = pdf.PdfWriter(pdf.A4, "Bảng giá", "Tiệm Lan")
    writer.next_page()
    writer.text(10, 20, PANGRAM, size=10)
    # As some keyboards send it: letters and marks apart.
    writer.text(10, 30, unicodedata.normalize("NFD", "Đặt hàng ở đây"), size=10, bold=True)
    writer.text(10, 40, pdf.money_text(390000, "VND", "vi"), size=10, grey=True)
    document = writer.finish()
    (text,) = texts_of(document)
    assert PANGRAM in text
    assert "Đặt hàng ở đây" in text
    assert "390.000 ₫" in text
    information = pypdf.PdfReader(io.BytesIO(document)).metadata
    assert (information.title, information.author) == ("Bảng giá", "Tiệm Lan")


def test_a_page_has_the_size_of_its_paper():
    writer = pdf.PdfWriter(pdf.A6, "Two pages")
    for _ in range(2):
        writer.next_page()
        writer.line(0, 10, 50, 10)
    document = writer.finish()
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    assert len(pages) == 2
    size = [float(pages[0].mediabox.width), float(pages[0].mediabox.height)]
    assert size == pytest.approx([105 / 25.4 * 72, 148 / 25.4 * 72], abs=0.01)


def test_text_ends_and_is_centred_where_it_should():
    writer = pdf.PdfWriter(pdf.A4, "Places")
    writer.next_page()
    for y, align in ((20, "left"), (40, "center"), (60, "right")):
        writer.text(100, y, "HHHHHHHHHH", size=20, align=align)
    page = pypdfium2.PdfDocument(writer.finish())[0].render(scale=72 / 72).to_pil().convert("L")
    millimetre = 72 / 25.4
    middles = []
    for y in (20, 40, 60):
        row = page.crop((0, int((y - 5) * millimetre), page.width, int(y * millimetre)))
        box = row.point(lambda light: 255 if light < 128 else 0).getbbox()
        middles.append((box[0] / millimetre, box[2] / millimetre))
    width = pdf.text_width("HHHHHHHHHH", 20)
    assert middles[0] == pytest.approx((100, 100 + width), abs=1.5)
    assert middles[1] == pytest.approx((100 - width / 2, 100 + width / 2), abs=1.5)
    assert middles[2] == pytest.approx((100 - width, 100), abs=1.5)


def test_what_is_stamped_again_is_in_the_file_once():
    def document(times: int) -> bytes:
        writer = pdf.PdfWriter(pdf.A4, "Stamps")
        writer.next_page()
        squares = [[(x * y) % 3 % 2 for x in range(40)] for y in range(40)]
        for number in range(times):
            writer.stamp("one", 10, number, lambda: writer.squares(0, 0, 20, squares))
        return writer.finish()

    assert len(document(50)) < 2 * len(document(1))


def test_wrapped_lines_fit_and_what_is_cut_says_so():
    lines = pdf.wrapped(PANGRAM, 40, 10, size=10)
    assert " ".join(lines) == PANGRAM
    assert all(pdf.text_width(line, 10) <= 40 for line in lines)
    cut = pdf.wrapped(PANGRAM, 40, 2, size=10)
    assert len(cut) == 2
    assert cut[1].endswith("…")
    assert pdf.text_width(cut[1], 10) <= 40
    (word,) = pdf.wrapped("Methylchloroisothiazolinone" * 3, 40, 1, size=10)
    assert word.endswith("…")
    assert pdf.wrapped("", 40, 2, size=10) == []
    assert pdf.wrapped(PANGRAM, 40, 0, size=10) == []


def test_lines_are_as_full_as_they_can_be():
    text = "Sodium Hyaluronate, Aqua, Glycerin, " * 30
    lines = pdf.wrapped(text, 60, 12, size=7)
    assert len(lines) == 12
    for line, following in pairwise(lines[:-1]):
        assert pdf.text_width(f"{line} {following.split()[0]}", 7) > 60
    assert lines[-1].endswith("…")
    assert pdf.text_width(lines[-1], 7) <= 60
    shown = " ".join(lines)[:-1]
    assert text.startswith(shown)
    assert pdf.text_width(f"{lines[-1][:-1]}{text[len(shown)]}…", 7) > 60


@pytest.mark.parametrize("text", ["Kem dưỡng " * 4000, "x" * 40_000, "a " * 20_000])
@pytest.mark.parametrize("most", [1, 40])
def test_a_long_text_is_measured_about_once(monkeypatch, text, most):
    """Counted in characters, not seconds: a text may be measured whole some times, not n times."""
    measured = []
    width = pdf.text_width

    def counted(text, size, bold=False):
        measured.append(len(text))
        return width(text, size, bold)

    monkeypatch.setattr(pdf, "text_width", counted)
    lines = pdf.wrapped(text, 99, most, size=7.5)
    assert lines[-1].endswith("…")
    assert sum(measured) < 30 * len(text)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    pdf._register_fonts.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "ttf_opensans", None)
    with pytest.raises(FeatureUnavailable, match=r"wrencos-core\[pdf\]"):
        pdf.PdfWriter(pdf.A4, "x")
    pdf._register_fonts.cache_clear()


def test_an_area_is_light_and_a_frame_is_black():
    writer = pdf.PdfWriter(pdf.A4, "Areas")
    writer.next_page()
    writer.shade(20, 20, 50, 10)
    writer.frame(20, 50, 50, 10)
    page = pypdfium2.PdfDocument(writer.finish())[0].render(scale=4).to_pil().convert("L")
    millimetre = page.width / 210

    def grey(x: float, y: float) -> int:
        return page.getpixel((int(x * millimetre), int(y * millimetre)))

    assert 200 < grey(25, 25) < 255
    assert grey(25, 31) == 255
    assert grey(25, 55) == 255
    side = page.crop((0, int(55 * millimetre), page.width, int(55 * millimetre) + 1))
    assert side.getextrema()[0] < 100
