"""Translated texts as staff see them."""

from __future__ import annotations

from wrencos_commerce.views.base import Row, View


class TextsView(View, kw_only=True):
    """Null is shown as the shop wrote it."""

    name: str | None
    description: str | None


class TranslationsView(View, kw_only=True):
    """`main` are the shop's own texts, in its language `locale`; `translations` by language."""

    id: str
    locale: str
    main: TextsView
    translations: dict[str, TextsView]


class TranslationsChanged(View, kw_only=True):
    message: str
    texts: TranslationsView


def translations_view(row: Row, locale: str) -> TranslationsView:
    translations: dict[str, Row] = row.get("translations") or {}
    return TranslationsView(
        id=row["_id"],
        locale=locale,
        main=_texts_view(row),
        translations={known: _texts_view(texts) for known, texts in translations.items()},
    )


def _texts_view(texts: Row) -> TextsView:
    return TextsView(name=texts.get("name"), description=texts.get("description"))
