"""What is typed, a line of a pack, and whether a product with it may be suggested: by hand."""

from __future__ import annotations

from typing import Any

import pytest

from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_commerce.services.ingredients.avoiding import avoid_keys
from wrencos_commerce.services.ingredients.facts import facts

# Typed; a line; "hit" when the product is told to contain it, "doubt" when it is not known.
REFUSED = [
    ("carmine", "CI 75470", "hit"),
    ("CI 75470", "Carmine", "hit"),
    ("iron oxides", "CI 77491", "hit"),
    ("CI 77491", "Iron Oxides", "hit"),
    ("soy", "Soy Lecithin", "hit"),
    ("soy", "Lecithin (Soy)", "hit"),
    ("soy", "Tocopherol (Soy)", "hit"),
    ("soy", "Lecithin [Soybean]", "hit"),
    ("đậu nành", "Tocopherol (Soybean)", "hit"),
    ("peanut", "Glycerin (Peanut)", "hit"),
    ("peanuts", "Arachis Hypogaea Flour", "hit"),
    ("nuts", "Peanut Oil", "hit"),
    ("milk", "Lac Powder", "hit"),
    ("parabens", "Benzylparaben", "hit"),
    ("paraben", "Calcium Paraben", "hit"),
    ("nuts", "Pistacia Vera Seed Oil", "hit"),
    ("nuts", "Anacardium Occidentale Seed Oil", "hit"),
    ("nuts", "Cashew Oil", "hit"),
    ("nuts", "Pistachio Oil", "hit"),
    ("nuts", "Mystery Oil", "doubt"),
    ("silicones", "Trisiloxane", "hit"),
    ("silicones", "Methyl Trimethicone", "hit"),
    ("sulfates", "Sodium Trideceth Sulfate", "hit"),
    ("sulfates", "MIPA-Laureth Sulfate", "hit"),
    ("retinoids", "Retinyl Sunflowerate", "hit"),
    ("vitamin A", "Retinyl Sunflowerate", "hit"),
    ("essential oils", "Citrus Reticulata Peel Oil", "doubt"),
    ("essential oils", "Tinh dầu vỏ quýt", "hit"),
    ("fragrance", "Citrus Reticulata Peel Oil", "doubt"),
    ("fragrance", "Essential Oil Blend", "hit"),
    ("fragrance", "Hương nhân tạo", "hit"),
    ("fragrance", "Natural Fragrance", "hit"),
    ("fragrance", "Glycerin (Fragrance Blend)", "hit"),
    ("gluten", "Wheat Amino Acids", "hit"),
    ("gluten", "Triticum Aestivum Seed Extract", "hit"),
    ("gluten", "Tocopherol (Wheat Germ)", "hit"),
    ("clove oil", "Eugenia Caryophyllus Bud Oil", "hit"),
    ("patchouli oil", "Pogostemon Cablin Leaf Oil", "hit"),
    ("eucalyptus oil", "Eucalyptus Globulus Leaf Oil", "hit"),
    ("orange oil", "Citrus Sinensis Peel Oil", "hit"),
    ("citral", "Geranial", "hit"),
    ("lavender oil", "Lavandula Hybrida Oil", "hit"),
    ("geranium oil", "Pelargonium Graveolens Oil", "hit"),
    ("ylang ylang", "Cananga Odorata Flower Extract", "hit"),
    ("cedarwood oil", "Cedrus Atlantica Wood Oil", "hit"),
    ("cedarwood oil", "Juniperus Virginiana Oil", "hit"),
    ("limonene", "Aqua, Glycerin*, *Naturally occurring Limonene", "hit"),
    ("limonene", "Aqua. *contains natural limonene from organic essential oils", "hit"),
    ("limonene", "Aqua, Parfum (Limonene", "hit"),
    ("peanut", "Aqua, Glycerin*, *organic peanut", "hit"),
    ("essential oils", "Aqua, Citral*, *from natural essential oils", "hit"),
    ("formaldehyde", "Bronopol", "hit"),
    ("tree nut", "Sweet Almond Oil", "hit"),
    ("nut allergy", "Sweet Almond Oil", "hit"),
    ("dị ứng với đậu phộng", "Dầu lạc", "hit"),
    ("fragrance-free", "Parfum", "hit"),
    ("no sulfates", "SLES", "hit"),
    ("mineral oil", "C13-14 Isoparaffin", "hit"),
    ("mineral oil", "C13-16 Isoparaffin", "hit"),
    ("pegs", "PEG-150 Distearate", "hit"),
    ("peg", "Ceteareth-20", "hit"),
    ("peg", "Ceteareth-33", "hit"),
    ("salicylates", "Salicylic Acid", "hit"),
    ("aspirin", "Salicylic Acid", "hit"),
    ("aspirin", "Methyl Salicylate", "hit"),
    ("vitamin e", "Tocopheryl Acetate", "hit"),
    ("vitamin e", "Tocopheryl Linoleate", "hit"),
    ("bee", "Cera Alba", "hit"),
    ("bees", "Mật ong", "hit"),
    ("propolis", "Propolis Wax", "hit"),
    ("shellfish", "Chitosan", "hit"),
    ("hải sản có vỏ", "Chitosan", "hit"),
    ("fish", "Marine Collagen", "hit"),
    ("cá", "Salmon DNA", "hit"),
    ("MIT", "Methylisothiazolinone", "hit"),
    ("wool", "Laneth-10", "hit"),
    ("lavender", "Lavandula Angustifolia Oil", "hit"),
    ("retinol", "Encapsulated Retinol", "hit"),
    ("retinol", "Aqua (Retinol) Extract", "hit"),
    ("retinol", "Sodium (Retinol) Hyaluronate", "hit"),
    ("retinol", "Aqua (contains Retinol) Base", "hit"),
    ("retinol", "Glycerin (with Retinol)", "hit"),
    ("retinol", "Squalane (Retinol) (0.5%)", "hit"),
    ("retinol", "Squalane (Encapsulated Retinol)", "hit"),
    ("peanut", "Foo (Peanut) Bar (Baz)", "hit"),
    ("alcohol", "SD Alcohol 3-A", "hit"),
    ("alcohol", "Cồn thực phẩm", "hit"),
    ("bovine", "Collagen (Bovine)", "hit"),
    ("wintergreen oil", "Gaultheria Procumbens Leaf Oil", "hit"),
    ("carrageenan", "Carrageenan", "hit"),
]
ALLOWED = [
    ("parabens", "Aqua, Mystery Extract"),
    ("silicones", "Aqua, Cupressus Cone Extract, Basil Extract"),
    ("formaldehyde", "Aqua, Polyquaternium-55"),
    ("alcohol", "Aqua, Cetyl Alcohol"),
    ("sulfates", "Aqua, Magnesium Sulfate"),
    ("nuts", "Aqua, Cocos Nucifera (Coconut) Oil, Butyrospermum Parkii (Shea) Butter"),
    ("milk", "Aqua, Sữa ong chúa"),
    ("soy", "Aqua, Glycerin (vegetable), Parfum (natural)"),
    ("fragrance", "Aqua, Helianthus Annuus (Sunflower) Seed Oil, Niacinamide (Vitamin B3)"),
    ("retinol", "Aqua, Mystery Extract"),
    ("azulene", "Aqua, Guaiazulene"),
]


def stored(line: str) -> dict[str, Any]:
    return ingredient_fields([line])


@pytest.mark.parametrize(("typed", "line", "how"), REFUSED)
def test_a_product_with_it_is_refused(typed: str, line: str, how: str) -> None:
    avoiding = Avoiding.of([typed])
    row = stored(f"Aqua, {line}")
    assert not avoiding.allows(row)
    assert bool(avoiding.hits(row)) == (how == "hit")
    assert bool(avoiding.doubts(row)) or how == "hit"
    product = facts([f"Aqua, {line}"])
    assert bool(avoid_keys([typed]).hits(product)) == (how == "hit")
    assert typed not in avoiding.unknown or typed == "bovine"


@pytest.mark.parametrize(("typed", "line"), ALLOWED)
def test_a_product_without_it_is_allowed(typed: str, line: str) -> None:
    avoiding = Avoiding.of([typed])
    assert avoiding.allows(stored(line))
    assert avoiding.hits(stored(line)) == ()
    assert avoiding.doubts(stored(line)) == ()


@pytest.mark.parametrize(
    ("line", "ended"),
    [
        ("Glycerin (Peanut)", {"nut"}),
        ("Tocopherol (Wheat Germ)", {"gluten"}),
        ("Glycerin (Fragrance Blend)", {"fragrance", "eu-allergen"}),
        ("Camellia Sinensis Leaf Extract, *Naturally occurring Limonene", {"fragrance"}),
        ("C13-14 Isoparaffin", {"mineral-oil"}),
        ("Distearyldimonium Chloride", {"animal-derived"}),
        ("Stearyl Alcohol", {"animal-derived"}),
        ("Steareth-21", {"animal-derived"}),
        ("Carmine", {"animal-derived"}),
    ],
)
def test_it_ends_the_claims_that_it_could_break(line: str, ended: set[str]) -> None:
    assert ended.isdisjoint(facts([f"Aqua, {line}"]).free_from)
