"""Finding categories by what files call them, and making those that there are not."""

from __future__ import annotations

from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.csv.columns import NEW
from wrencos_core.api import Identity, text


class CategoryIndex:
    """Every category by slug and by folded name. With `creating`, unknown ones are noted."""

    def __init__(self, categories: Categories, *, creating: bool = False) -> None:
        self._categories = categories
        self._creating = creating
        self.missing: dict[str, str] = {}
        self._load()

    def _load(self) -> None:
        rows = self._categories.all()
        self._ids = {text.fold(row["name"]): str(row["_id"]) for row in rows}
        self._ids |= {row["slug"]: str(row["_id"]) for row in rows}

    def is_known(self, wanted: str) -> bool:
        """Whether there is such a category by now."""
        return wanted in self._ids or text.fold(wanted) in self._ids

    def find(self, wanted: str) -> str | None:
        """The id of the category; a stand-in for one that is to be created; None for no other."""
        found = self._ids.get(wanted) or self._ids.get(text.fold(wanted))
        if found or not self._creating:
            return found
        slug = "-".join(text.words(wanted.replace("_", " ")))[:80].strip("-")
        if not slug or not slug.isascii():
            return None
        if slug in self._ids:
            return self._ids[slug]
        name = wanted if wanted != slug else slug.replace("-", " ").capitalize()
        self.missing.setdefault(slug, name)
        return NEW + slug

    def create_missing(self, identity: Identity) -> int:
        """Create what was noted and is not there yet; how many."""
        created = 0
        for slug, name in self.missing.items():
            if self._categories.find(slug) is None:
                self._categories.create({"name": name, "slug": slug}, identity)
                created += 1
        self.missing.clear()
        self._load()
        return created
