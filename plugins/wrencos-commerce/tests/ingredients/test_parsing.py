"""Reading lists of ingredients as they stand on packs and in spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.parsing import parse, printed

LINES: list[tuple[str | Sequence[str], list[str]]] = [
    ("Aqua, Glycerin", ["aqua", "glycerin"]),
    ("AQUA, GLYCERIN, PARFUM", ["aqua", "glycerin", "parfum"]),
    ("Ingredients: Water (Aqua), Glycerin.", ["aqua", "glycerin"]),
    (
        "INGREDIENTS : AQUA / WATER / EAU • GLYCERIN • PARFUM / FRAGRANCE",
        ["aqua", "glycerin", "parfum"],
    ),
    ("Aqua/Water/Eau, Glycerin", ["aqua", "glycerin"]),
    ("Thành phần: Nước, Glycerin, Hương liệu", ["aqua", "glycerin", "parfum"]),
    ("Thành phần đầy đủ: Nước tinh khiết; Rau má", ["aqua", "centella-asiatica-extract"]),
    ("Ingrédients: Aqua, Cire d'abeille", ["aqua", "cera-alba"]),
    ("Water\nGlycerin\nNiacinamide", ["aqua", "glycerin", "niacinamide"]),
    ("Water, Sodium\nHyaluronate, Glycerin", ["aqua", "sodium-hyaluronate", "glycerin"]),
    ("Water; Glycerin; Betaine", ["aqua", "glycerin", "betaine"]),
    ("Aqua,Glycerin,1,2-Hexanediol,Panthenol", ["aqua", "glycerin", "1-2-hexanediol", "panthenol"]),
    ("1,2-Hexanediol, Aqua", ["1-2-hexanediol", "aqua"]),
    ("Polysorbate 20,1,2-Hexanediol", ["polysorbate-20", "1-2-hexanediol"]),
    ("2-Bromo-2-Nitropropane-1,3-Diol, Aqua", ["2-bromo-2-nitropropane-1-3-diol", "aqua"]),
    ("Toluene-2,5-Diamine, Resorcinol", ["toluene-2-5-diamine", "resorcinol"]),
    ("N,N-Dimethyl Something, Aqua", ["n-n-dimethyl-something", "aqua"]),
    ("Caprylic/Capric Triglyceride, Squalane", ["caprylic-capric-triglyceride", "squalane"]),
    (
        "Acrylates/C10-30 Alkyl Acrylate Crosspolymer",
        ["acrylates-c10-30-alkyl-acrylate-crosspolymer"],
    ),
    ("Butyrospermum Parkii (Shea) Butter, Aqua", ["butyrospermum-parkii-butter", "aqua"]),
    ("Camellia Sinensis (Green Tea) Leaf Extract", ["camellia-sinensis-leaf-extract"]),
    ("Melaleuca Alternifolia (Tea Tree) Leaf Oil", ["melaleuca-alternifolia-leaf-oil"]),
    ("Vitamin B3 (Niacinamide), Vitamin E", ["niacinamide", "tocopherol"]),
    ("Titanium Dioxide (CI 77891), Mica (CI 77019)", ["titanium-dioxide", "mica"]),
    ("Parfum (Linalool, Limonene, Citral)", ["parfum", "linalool", "limonene", "citral"]),
    ("Parfum (Limonene), Aqua", ["parfum", "limonene", "aqua"]),
    ("Parfum*, Linalool*, Aqua. *organic", ["parfum", "linalool", "aqua"]),
    (
        "Aqua, Rosa Damascena Flower Water*, Glycerin** *From organic farming **Natural origin",
        ["aqua", "rosa-damascena-flower-water", "glycerin"],
    ),
    ("*Limonene, *Linalool", ["limonene", "linalool"]),
    ("Glyceryl Stearate (and) PEG-100 Stearate", ["glyceryl-stearate", "peg-100-stearate"]),
    ("Aqua. Glycerin. Alcohol Denat. Parfum.", ["aqua", "glycerin", "alcohol-denat", "parfum"]),
    ("Alcohol Denat., Aqua", ["alcohol-denat", "aqua"]),
    ("SD Alcohol 40-B, Aqua", ["alcohol-denat", "aqua"]),
    ("CI 77491,77492", ["ci-77491", "ci-77492"]),
    ("Cl 77491, CI77492", ["ci-77491", "ci-77492"]),
    ("α-Arbutin, β-Glucan", ["alpha-arbutin", "beta-glucan"]),
    ("Aqua，Glycerin、Betaine；Urea", ["aqua", "glycerin", "betaine", "urea"]),
    (["Aqua", "Glycerin", "1,2-Hexanediol"], ["aqua", "glycerin", "1-2-hexanediol"]),
    (
        ["Aqua, Glycerin", "May contain: CI 77491", "CI 77492"],
        ["aqua", "glycerin", "ci-77491", "ci-77492"],
    ),
    (
        "Active ingredients: Zinc Oxide 20%. Inactive ingredients: Aqua, Glycerin",
        ["zinc-oxide", "aqua", "glycerin"],
    ),
    ("Mystery Blend (Alcohol)", ["mystery-blend", "alcohol"]),
    ("Mystery (Blend), Aqua", ["mystery-blend", "aqua"]),
    ("Parfum (Foobarol), Glycerin (vegetable)", ["parfum", "foobarol", "glycerin"]),
    ("Mystery (Plant) Extract", ["mystery-plant-extract"]),
    ("Aqua,, ,Glycerin,", ["aqua", "glycerin"]),
    ("- Aqua\n- Glycerin\n", ["aqua", "glycerin"]),
    ("Sodium laureth sulphate, Sulphur", ["sodium-laureth-sulfate", "sulfur"]),
    ("Lavandula Oil/Extract, Rose Ketones", ["lavandula-oil-extract", "rose-ketones"]),
    ("", []),
    (" ,.;*()[] ", []),
    ([], []),
]


@pytest.mark.parametrize(("line", "keys"), LINES)
def test_the_keys_of_a_line(line: str | Sequence[str], keys: list[str]) -> None:
    assert [one.key for one in parse(line)] == keys


@pytest.mark.parametrize(
    ("line", "percents"),
    [
        ("Niacinamide 10%, Zinc PCA 1%", ["10", "1"]),
        ("Niacinamide (10 %), Aqua", ["10", None]),
        ("Retinol 0,5%, Squalane", ["0.5", None]),
        ("2% Salicylic Acid", ["2"]),
        ("Niacinamide 20,000 ppm", ["2"]),
        ("Retinol (500ppm)", ["0.05"]),
        ("Phenoxyethanol <1%", [None]),
        ("Glycerin 1-5%", [None]),
        ("Glycerin 250%", [None]),
        ("Vitamin C 15% w/w, Aqua", ["15", None]),
        ("1,2-Hexanediol 0,5%", ["0.5"]),
    ],
)
def test_the_percentages_of_a_line(line: str, percents: list[str | None]) -> None:
    expected = [None if text is None else Decimal(text) for text in percents]
    assert [one.percent for one in parse(line)] == expected


@pytest.mark.parametrize(
    ("line", "certain", "possible"),
    [
        ("Aqua, [+/- CI 77491, CI 77492], Mica", ["aqua", "mica"], ["ci-77491", "ci-77492"]),
        ("Aqua (+/- Mica (CI 77019), Talc) Silica", ["aqua", "silica"], ["mica", "talc"]),
        ("Aqua, May contain: Mica", ["aqua"], ["mica"]),
        ("Aqua [May contain/Peut contenir (+/-): Mica, Talc]", ["aqua"], ["mica", "talc"]),
        ("Aqua, Có thể chứa: Mica", ["aqua"], ["mica"]),
        ("Aqua ± Mica", ["aqua"], ["mica"]),
        ("Aqua, Mica", ["aqua", "mica"], []),
    ],
)
def test_what_may_be_contained(line: str, certain: list[str], possible: list[str]) -> None:
    assert [one.key for one in parse(line) if not one.may_contain] == certain
    assert [one.key for one in parse(line) if one.may_contain] == possible


def test_nano_is_told_and_is_no_part_of_the_name() -> None:
    first, second = parse("Titanium Dioxide [nano] 5%, Zinc Oxide (Nano)")
    assert (first.name, first.nano, first.percent) == ("Titanium Dioxide", True, Decimal(5))
    assert (second.key, second.nano) == ("zinc-oxide", True)


def test_a_name_is_kept_as_written_but_tidy() -> None:
    known, unknown = parse("  aqua   (WATER)* , Foo  Bar-Extract. ")
    assert (known.name, known.inci_name) == ("aqua (WATER)", "Aqua")
    assert (unknown.name, unknown.key, unknown.inci_name) == (
        "Foo Bar-Extract",
        "foo-bar-extract",
        None,
    )


@pytest.mark.parametrize("line", [line for line, _ in LINES])
def test_a_printed_list_reads_as_itself(line: str | Sequence[str]) -> None:
    listed = parse(line)
    assert parse(printed(listed)) == listed


parts = st.sampled_from(
    [
        *"()[]{},;./*%+-±&:'\"\n\t 0159nN\u00b2\u2028\ue000\ud800\u0301",
        "+/-", "may contain", "Ingredients:", "[nano]", "5%", "0,5 %", "1,2-", "ppm", "(and)",
        "Aqua", "Water", "Parfum", "retinol", "hương liệu", "Denat", "organic", "CI 77491",
    ]
)  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.lists(parts, max_size=25).map("".join))


@given(texts)
@settings(max_examples=400, deadline=None)
def test_any_text_reads_and_its_print_reads_the_same(text: str) -> None:
    listed = parse(text)
    assert parse(printed(listed)) == listed
    for one in listed:
        assert one.key
        assert one.name == one.name.strip()
        assert (one.inci_name is None) == (one.key not in dictionary().ingredients)
        one.name.encode()


@pytest.mark.parametrize(
    "part",
    [
        "a,",
        "(",
        "1,2",
        "[+/-",
        "may contain ",
        "5% ",
        "aa. ",
        "x",
        " ",
        "50ppm",
        "ingredients (",
        "*",
    ],
)
def test_a_long_line_is_read_whole(part: str) -> None:
    """Nothing in the parser grows faster than the text; with backtracking this would not end."""
    line = part * (100_000 // len(part)) + ", Retinol, Aqua"
    assert [one.key for one in parse(line)][-1] == "aqua"


def test_no_word_of_an_endless_name_is_lost() -> None:
    words = [f"foo{number}" for number in range(500)]
    keys = [one.key for one in parse(" ".join(words))]
    assert "-".join(keys).split("-") == words
    assert max(map(len, keys)) <= 300


@given(st.lists(st.sampled_from(sorted(dictionary().ingredients)), max_size=30))
@settings(deadline=None, max_examples=50)
def test_a_list_of_known_names_reads_as_those(keys: list[str]) -> None:
    names = [dictionary().ingredients[key].inci for key in keys]
    assert [one.key for one in parse(", ".join(names))] == keys
    assert [one.key for one in parse(names)] == keys


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Glycerin*, *Naturally occurring Tocopheryl Linoleate", True),
        ("Glycerin*, *natural Benzylparaben", True),
        ("Glycerin*, *natural without parabens", False),
        ("Glycerin*, *organic and paraben free", False),
        ("Glycerin*, *from organic farming", False),
    ],
)
def test_a_footnote_loses_no_unknown_member_of_a_kind(line: str, kept: bool) -> None:
    assert (len(parse(line)) > 1) is kept
