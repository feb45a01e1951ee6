"""Drawn pictures for products that have no photograph.

Each picture is one SVG without scripts or outside references, so that a shop filled with
demo data (or a product created before its photograph is taken) looks finished and works offline.
"""

import colorsys
import hashlib
import re
import textwrap
import unicodedata
from collections.abc import Callable
from html import escape

FLOOR = 560  # the y on which every product stands

# The first shape whose word occurs in the name wins; otherwise the category decides.
_NAME_SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sachet", ("sheet", "gauze", "mặt nạ giấy", "patches")),
    ("spray", ("mist ", "spray", "xịt", "dry shampoo", "hair perfume", "tonic")),
    ("comb", ("comb ", "paddle", "lược")),
    ("tweezers", ("tweezers", "lash curler", "nail file")),
    ("roller", ("roller",)),
    ("sponge", ("sponge", "puff", "gua sha", "bông ")),
    ("brush", ("brush",)),
    ("lipstick", ("lipstick",)),
    ("palette", ("palette", "quad ")),
    ("mascara", ("mascara", "liquid liner", "liquid lip", "liquid light", "gloss in", "water tint",
                 "son tint", "concealer")),
    ("pencil", ("pencil", "liner")),
    ("bar", (" bar ", "xà phòng")),
    ("compact", ("cushion", "pressed powder", "loose ", "blush", "phấn")),
    ("stick", ("stick", "deodorant", "roll-on")),
    ("jar", ("balm", "butter ", "solid perfume", "nước hoa khô", "scrub", "lip mask",
             "repair mask", "peel mask", "powder")),
    ("bottle", ("polish remover", "foundation", "micellar", "nước tẩy trang", "toner")),
    ("tube", ("remover gel", "hand cream", "foot cream", "nail night", "primer",
              "ointment", "sun serum")),
    ("dropper", ("serum", "drops", "ampoule", "tinh chất", "hair oil", "finishing oil",
                 "perfume oil")),
)  # fmt: skip
_CATEGORY_SHAPES: dict[str, tuple[str, ...]] = {
    "skincare": ("jar", "dropper"), "cleansers": ("tube", "pump"), "toners": ("bottle",),
    "serums": ("dropper",), "moisturisers": ("jar", "jar", "tube"),
    "sunscreens": ("tube", "bottle"), "masks": ("jar", "tube"), "eye-care": ("tube", "jar"),
    "makeup": ("palette", "lipstick"), "lips": ("lipstick",),
    "face-makeup": ("compact", "bottle"), "eye-makeup": ("mascara", "palette"),
    "hair": ("pump",), "shampoo": ("pump", "bottle"), "hair-care": ("pump", "tube"),
    "body": ("pump", "tube"), "body-care": ("pump", "tube"), "fragrance": ("flacon",),
    "nails": ("polish",), "tools": ("brush", "comb", "sponge"),
}  # fmt: skip
# These keep to roses, corals and browns: a green lipstick looks like a mistake.
_WARM = frozenset({"makeup", "lips", "face-makeup", "eye-makeup", "nails"})


def _hex(hue: float, light: float, saturation: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, light, saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _box(left: float, top: float, width: float, height: float, radius: float, fill: str) -> str:
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" '
        f'rx="{radius:g}" fill="{fill}"/>'
    )


def _oval(x: float, y: float, wide: float, high: float, fill: str) -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{wide:g}" ry="{high:g}" fill="{fill}"/>'


def _path(line: str, fill: str) -> str:
    return f'<path d="{line}" fill="{fill}"/>'


def _shine(x: float, top: float, height: float, width: float = 12) -> str:
    """A soft vertical reflection, which is what makes a flat shape read as round."""
    return _box(x, top, width, height, width / 2, "#ffffff73")


def _label(mark: str, y: float, size: int = 40, x: float = 400, ink: str = "INK") -> str:
    if not mark:
        return ""
    return (
        f'<text x="{x + 1.5:g}" y="{y:g}" font-family="Georgia,serif" font-size="{size}" '
        f'letter-spacing="3" fill="{ink}" text-anchor="middle">{mark}</text>'
        + _box(x - 30, y + 18, 60, 2, 1, ink)
        + _box(x - 20, y + 28, 40, 2, 1, ink)
    )


# Coordinates read better in the order they are drawn.
# fmt: off
def _bottle(mark: str) -> str:
    return (
        _box(350, 122, 100, 84, 10, "url(#c)") + _box(362, 200, 76, 22, 2, "url(#b)")
        + _path("M362 214h76q6 26 44 40a24 24 0 0 1 14 22v256a28 28 0 0 1-28 28H332a28 28 0 0 "
                "1-28-28V276a24 24 0 0 1 14-22q38-14 44-40z", "url(#b)")
        + _box(304, 330, 192, 150, 0, "url(#l)") + _label(mark, 410) + _shine(322, 286, 230)
    )

def _pump(mark: str) -> str:
    return (
        _path("M392 132h-76q-26 0-30 28h22q2-8 12-8h72z", "url(#c)")
        + _box(384, 122, 54, 34, 8, "url(#c)") + _box(398, 150, 16, 52, 0, "url(#c)")
        + _box(354, 192, 92, 44, 8, "url(#c)") + _box(290, 230, 220, 330, 34, "url(#b)")
        + _box(290, 320, 220, 160, 0, "url(#l)") + _label(mark, 406) + _shine(310, 262, 262)
    )

def _dropper(mark: str) -> str:
    return (
        _path("M376 190V126a24 24 0 0 1 48 0v64z", "DARK") + _box(356, 184, 88, 62, 8, "url(#c)")
        + _path("M362 246h76v18q52 10 52 62v202a32 32 0 0 1-32 32H342a32 32 0 0 1-32-32V326q0-52 "
                "52-62z", "url(#b)")
        + _box(396, 250, 8, 240, 4, "#ffffff59")
        + _box(310, 356, 180, 140, 0, "url(#l)") + _label(mark, 432) + _shine(328, 316, 210)
    )

def _jar(mark: str) -> str:
    return (
        _box(252, 268, 296, 92, 18, "url(#c)") + _box(266, 352, 268, 20, 4, "DARK")
        + _path("M258 368h284q8 0 8 10v130q0 52-54 52H304q-54 0-54-52V378q0-10 8-10z", "url(#b)")
        + _box(250, 408, 300, 96, 0, "url(#l)") + _label(mark, 454, 36) + _shine(272, 392, 130)
        + _shine(270, 282, 62)
    )

def _tube(mark: str) -> str:
    return (
        _box(300, 124, 200, 24, 4, "DEEP")
        + _path("M302 146h196l-28 326H330z", "url(#b)") + _box(334, 470, 132, 90, 12, "url(#c)")
        + _box(342, 262, 116, 3, 1, "INK") + _label(mark, 330)
        + _path("M328 160h14l18 290h-12z", "#ffffff66")
        + "".join(_box(350 + 14 * i, 482, 3, 66, 1, "#00000018") for i in range(8))
    )

def _spray(mark: str) -> str:
    return (
        _box(362, 112, 76, 46, 12, "url(#c)") + _box(350, 128, 16, 14, 3, "DARK")
        + "".join(_oval(326 - 26 * i, 134 + 16 * j * (i + 1) / 2, 4, 4, "BUBBLE")
                  for i in range(3) for j in (-1, 0, 1))
        + _box(352, 156, 96, 50, 6, "DARK") + _path(
            "M352 200h96q48 10 48 62v266a32 32 0 0 1-32 32H336a32 32 0 0 1-32-32V262q0-52 48-62z",
            "url(#b)")
        + _box(304, 320, 192, 150, 0, "url(#l)") + _label(mark, 400) + _shine(322, 264, 256)
    )

def _lipstick(mark: str) -> str:
    return (
        _path("M362 300V190q0-20 18-32l48-34q10-6 10 8v168z", "url(#b)")
        + _path("M362 196q0-24 18-38l48-34q10-6 10 8 0 44-76 64z", "#ffffff55")
        + _box(354, 292, 92, 84, 4, "url(#m)") + _box(338, 370, 124, 190, 10, "url(#c)")
        + _box(338, 384, 124, 5, 0, "url(#m)") + _label(mark, 476, 34, ink="CAPINK")
        + _shine(350, 400, 130, 9)
    )

def _palette(mark: str) -> str:
    pans = "".join(
        _box(266 + 92 * (i % 3), 400 + 74 * (i // 3), 84, 64, 8, f"PAN{i}")
        + _path(f"M{270 + 92 * (i % 3)} {404 + 74 * (i // 3)}h60l-60 40z", "#ffffff3a")
        for i in range(6)
    )
    return (
        _box(244, 150, 312, 226, 16, "url(#c)") + _box(262, 168, 276, 192, 8, "url(#l)")
        + _path("M290 360l130-192h50L340 360z", "#ffffff70") + _label(mark, 268)
        + _box(240, 372, 320, 188, 16, "DEEP") + _box(252, 386, 296, 164, 8, "#ffffff38") + pans
    )

def _compact(mark: str) -> str:
    return (
        _oval(400, 262, 150, 146, "url(#c)") + _oval(400, 262, 128, 124, "url(#l)")
        + _path("M318 318l128-170 30 18-134 178z", "#ffffff70") + _label(mark, 270)
        + _box(360, 398, 80, 20, 6, "DARK") + _oval(400, 482, 170, 78, "DEEP")
        + _oval(400, 474, 168, 72, "url(#c)") + _oval(400, 470, 142, 56, "url(#b)")
        + _oval(370, 456, 70, 22, "#ffffff4d")
    )

def _mascara(mark: str) -> str:
    return (
        _box(306, 150, 68, 410, 30, "url(#b)") + _box(306, 150, 68, 170, 14, "url(#c)")
        + _box(306, 316, 68, 6, 0, "url(#m)") + _shine(318, 340, 190, 8)
        + _box(430, 330, 68, 230, 16, "url(#c)") + _box(458, 250, 12, 84, 0, "DARK")
        + _path("M450 250q-4-60 8-108 6-16 12 0 12 48 8 108z", "DEEP")
        + "".join(_box(446 + i % 2, 150 + 12 * i, 36 - i % 2, 4, 2, "DEEP") for i in range(8))
        + _label(mark, 440, 24, 464, "CAPINK")
    )

def _pencil(mark: str) -> str:
    return (
        '<g transform="rotate(24 400 350)">' + _box(376, 200, 48, 300, 4, "url(#b)")
        + _path("M376 202l24-84 24 84z", "#e9cfae") + _path("M390 152l10-36 10 36z", "DEEP")
        + _box(376, 440, 48, 100, 6, "url(#c)") + _box(376, 432, 48, 9, 0, "url(#m)")
        + _shine(384, 216, 200, 7) + "</g>" + _label(mark, 500, 34, 520)
    )

def _stick(mark: str) -> str:
    return (
        _path("M322 306v-92q0-70 78-70t78 70v92z", "url(#l)") + _oval(400, 206, 56, 40, "#ffffff70")
        + _box(314, 300, 172, 54, 6, "url(#m)") + _box(304, 350, 192, 210, 22, "url(#b)")
        + _label(mark, 450) + _shine(322, 374, 160)
    )

def _bar(mark: str) -> str:
    return (
        _box(216, 356, 368, 204, 56, "DEEP") + _box(216, 340, 368, 196, 56, "url(#b)")
        + _box(248, 368, 304, 140, 40, "#ffffff33") + _label(mark, 440, 48)
        + "".join(_oval(x, y, r, r, "BUBBLE")
                  for x, y, r in ((290, 296, 26), (336, 262, 16), (322, 322, 10), (520, 308, 18)))
    )

def _sachet(mark: str) -> str:
    return (
        _box(270, 124, 260, 436, 10, "url(#b)")
        + "".join(_box(282 + 16 * i, 130, 3, 26, 1, "#ffffff70") for i in range(15))
        + _box(270, 162, 260, 2, 0, "#00000022") + _oval(400, 300, 74, 94, "url(#l)")
        + _oval(374, 282, 13, 7, "MID") + _oval(426, 282, 13, 7, "MID")
        + _oval(400, 344, 20, 8, "MID") + _label(mark, 460) + _path("M284 170h22L286 550h-2z",
                                                                 "#ffffff55")
    )

def _flacon(mark: str) -> str:
    return (
        _box(350, 128, 100, 104, 12, "url(#c)") + _box(372, 228, 56, 30, 2, "url(#m)")
        + _box(262, 254, 276, 306, 30, "url(#l)") + _box(280, 312, 240, 230, 18, "url(#b)")
        + _box(397, 256, 6, 272, 3, "#ffffff80") + _box(324, 368, 152, 116, 4, "#fff")
        + _label(mark, 428) + _shine(274, 276, 250, 9)
    )

def _polish(mark: str) -> str:
    return (
        _path("M368 330l8-190q2-20 24-20t24 20l8 190z", "url(#c)")
        + _box(366, 324, 68, 18, 3, "url(#m)")
        + _path("M352 342h96q58 12 58 74v106q0 38-40 38H334q-40 0-40-38V416q0-62 58-74z", "url(#b)")
        + _label(mark, 470) + _shine(312, 400, 130)
    )

def _brush(mark: str) -> str:
    return (
        _path("M338 268q-22-74 20-122 42-40 84 0 42 48 20 122l-22 44h-80z", "url(#b)")
        + "".join(_path(f"M{366 + 17 * i} 300q{-7 + 3.5 * i:g}-80 {-9 + 4.5 * i:g}-140l3 0q"
                        f"{4 - i:g} 60 {9 - 4.5 * i:g} 140z", "#ffffff4d") for i in range(5))
        + _path("M356 304h88l-12 84h-64z", "url(#m)")
        + _path("M368 386h64l8 120q0 54-40 54t-40-54z", "url(#c)") + _shine(376, 400, 110, 8)
        + _label(mark, 446, 20, ink="CAPINK")
    )

def _comb(mark: str) -> str:
    teeth = "".join(_box(262 + 22 * i, 340, 12, 176 - 5 * abs(6 - i), 6, "url(#b)")
                    for i in range(13))  # fmt: skip
    return (
        _oval(400, 548, 150, 10, "url(#s)") + teeth
        + _path("M248 372q-8-150 152-154t152 154q0 14-14 14H262q-14 0-14-14z", "url(#b)")
        + _path("M276 320q14-74 120-82-90 20-106 82z", "#ffffff73") + _label(mark, 320)
    )

def _tweezers(mark: str) -> str:
    return (
        _path("M376 150q24-34 48 0l36 300-34 104-10-4 14-92-30-250-30 250 14 92-10 4-34-104z",
              "url(#m)")
        + _path("M376 150q24-34 48 0l14 116q-38 30-76 0z", "url(#b)")
        + _label(mark, 210, 20)
    )

def _roller(mark: str) -> str:
    return (
        _path("M392 276h16v40h-16zM318 196q0-64 82-64t82 64v28h-10v-26q0-56-72-56t-72 56v26h-10z",
              "url(#m)")
        + _oval(400, 226, 84, 54, "url(#b)")
        + _oval(374, 208, 34, 13, "#ffffff73") + _box(391, 278, 18, 50, 4, "url(#m)")
        + _box(374, 320, 52, 240, 24, "url(#c)")
        + _label(mark, 440, 20, ink="CAPINK")
    )

def _sponge(mark: str) -> str:
    return (
        _path("M400 150q34 6 74 112 54 120 36 190-24 108-110 108t-110-108q-18-70 36-190 40-106 "
              "74-112z", "url(#b)")
        + _path("M336 300q24-76 52-110-10 60-26 120-12 60-34 84-8-34 8-94z", "#ffffff59")
        + _label(mark, 450)
    )
# fmt: on
_SHAPES: dict[str, Callable[[str], str]] = {
    draw.__name__.removeprefix("_"): draw
    for draw in (
        _bottle,
        _pump,
        _dropper,
        _jar,
        _tube,
        _spray,
        _lipstick,
        _palette,
        _compact,
        _mascara,
        _pencil,
        _stick,
        _bar,
        _sachet,
        _flacon,
        _polish,
        _brush,
        _comb,
        _tweezers,
        _roller,
        _sponge,
    )
}  # fmt: skip


def _shape_for(name: str, category: str, choice: int) -> str:
    padded = f" {name.casefold()} "
    for shape, words in _NAME_SHAPES:
        if any(word in padded for word in words):
            return shape
    shapes = _CATEGORY_SHAPES.get(category, ("bottle", "jar", "tube"))
    return shapes[choice % len(shapes)]


def _gradient(identity: str, *stops: tuple[int, str], down: bool = False) -> str:
    body = "".join(f'<stop offset="{at}%" stop-color="{colour}"/>' for at, colour in stops)
    way = ' x2="0" y2="1"' if down else ""
    return f'<linearGradient id="{identity}"{way}>{body}</linearGradient>'


def _colours(digest: bytes, warm: bool) -> tuple[dict[str, str], str]:
    """The named colours of one picture and its gradient definitions."""
    hue = 0.9 + digest[0] / 256 * 0.17 if warm else digest[0] / 256
    back = hue + (0.0, 0.08, -0.09, 0.5)[digest[1] % 4]
    named = {"INK": _hex(hue, 0.24, 0.28), "DARK": _hex(hue, 0.28, 0.22),
             "DEEP": _hex(hue, 0.42, 0.34), "MID": _hex(hue, 0.62, 0.4),
             "BUBBLE": _hex(hue, 0.85, 0.5)}  # fmt: skip
    for i in range(6):
        named[f"PAN{i}"] = _hex(hue + 0.01 * i, 0.84 - 0.1 * i, 0.42)
    light = 0.60 + digest[2] % 5 * 0.035
    edge, main, glow = (_hex(hue, light - 0.14, 0.36), _hex(hue, light, 0.44),
                        _hex(hue, light + 0.15, 0.5))  # fmt: skip
    caps = (("#e9e4dd", "#ffffff", "#d5cec4"), ("#b98f58", "#f0d9ab", "#a67c47"),
            (named["DARK"], named["DEEP"], named["INK"]))  # fmt: skip
    cap = caps[digest[3] % 3]
    named["CAPINK"] = "#ffffff" if cap is caps[2] else named["INK"]
    defs = (
        _gradient("bg", (0, _hex(back, 0.955, 0.55)), (100, _hex(back, 0.87, 0.46)), down=True)
        + _gradient("b", (0, edge), (22, glow), (60, main), (100, edge))
        + _gradient("c", (0, cap[0]), (28, cap[1]), (100, cap[2]))
        + _gradient("l", (0, "#f3eee8"), (30, "#ffffff"), (100, "#ebe4dc"))
        + _gradient("m", (0, "#b08a4f"), (30, "#f6e3b8"), (100, "#a57c42"))
        + '<radialGradient id="s"><stop offset="0" stop-color="#3a2a2a" stop-opacity=".38"/>'
        '<stop offset="1" stop-color="#3a2a2a" stop-opacity="0"/></radialGradient>'
    )
    named["STAND"] = _hex(back, 0.92, 0.5)
    named["STEP"] = _hex(back, 0.8, 0.34)
    named["SUN"] = _hex(back, 0.985, 0.6)
    return named, defs


def _clean(text: str) -> str:
    """Composed, on one line, without the characters that XML 1.0 cannot hold."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def _caption(name: str, brand: str, ink: str) -> str:
    lines = textwrap.wrap(name, 30, max_lines=3, placeholder="…")
    size, step = (30, 36) if len(lines) > 2 else (34, 42)
    text = "".join(
        f'<text x="400" y="{690 + step * at}" font-size="{size}">{escape(line)}</text>'
        for at, line in enumerate(lines)
    )
    return (
        '<g text-anchor="middle" fill="' + ink + '" font-family="Georgia,serif">'
        f'<text x="400" y="644" font-size="19" letter-spacing="5" '
        f'font-family="Helvetica,Arial,sans-serif">'
        f"{escape(textwrap.shorten(brand, 40, placeholder='…').upper())}</text>{text}</g>"
    )


def product_picture(name: str, brand: str, category: str, seed: str) -> bytes:
    """Return an 800 by 800 SVG (UTF-8, under 6 kB) of a stylised product with its name and brand.

    `category` is a category slug and, with telling words in `name`, decides the shape; an unknown
    slug gets a plain container. `seed` (the SKU, say) decides the colours: the same arguments
    always give the same bytes. Raises nothing: characters that XML cannot hold are left out.
    """
    name, brand = _clean(name), _clean(brand)
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
    named, defs = _colours(digest, category in _WARM)
    mark = escape("".join(word[0] for word in brand.split() if word[0].isalnum())[:2].upper())
    art = _SHAPES[_shape_for(name, category, digest[4])](mark)
    scene = (
        _box(0, 0, 800, 800, 0, "url(#bg)") + _oval(400, 330, 262, 262, "SUN")
        + _oval(400, 582, 300, 36, "STEP") + _oval(400, 570, 300, 36, "STAND")
        + _oval(416, FLOOR + 4, 216, 24, "url(#s)") + art
    )  # fmt: skip
    scene = re.sub(r'"([A-Z]+\d?)"', lambda found: f'"{named.get(found[1], found[1])}"', scene)
    title = escape(textwrap.shorten(name, 120, placeholder="…"))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800" '
        f'role="img"><title>{title}</title><defs>{defs}</defs>{scene}'
        f"{_caption(name, brand, named['INK'])}</svg>"
    ).encode()
