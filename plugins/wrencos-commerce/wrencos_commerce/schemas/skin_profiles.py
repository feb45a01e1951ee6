"""Skin profiles and answers to the quiz as they come in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.product import fold_tag
from wrencos_commerce.models.skin_profile import AGE_RANGES, TONES, UNDERTONES
from wrencos_commerce.schemas import translations
from wrencos_commerce.schemas.fields import Tags
from wrencos_core.web import Flag, Line, Schema

_TAG = validate.Regexp(r"^[\w-]+$", error="Must be letters, digits and dashes.")
MOST_AVOIDED = 50


class SkinType(Line):
    """A skin type as products name it: `dry`, `oily`, `combination`, `normal`, `sensitive`, …"""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(60, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tag = fold_tag(super()._deserialize(value, attr, data, **kwargs))
        _TAG(tag)
        return tag


class Avoided(fields.List[str]):
    """What is not to be in a product, as the customer calls it: an ingredient or a kind of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Line(100), validate=validate.Length(max=MOST_AVOIDED), **kwargs)


class SkinProfileBody(Schema):
    """A whole profile; what is not given is not known."""

    skin_type = SkinType(allow_none=True, load_default=None)
    concerns = Tags(load_default=list)
    sensitivities = Tags(load_default=list)
    avoid = Avoided(load_default=list)
    tone = fields.String(validate=validate.OneOf(TONES), allow_none=True, load_default=None)
    undertone = fields.String(
        validate=validate.OneOf(UNDERTONES), allow_none=True, load_default=None
    )
    age_range = fields.String(
        validate=validate.OneOf(AGE_RANGES), allow_none=True, load_default=None
    )
    use_for_recommendations = Flag(load_default=False)
    show_in_reviews = Flag(load_default=False)


class _AnswerIds(fields.List[str]):
    """The ids of the chosen answers; one may come without the list around it."""

    def __init__(self) -> None:
        super().__init__(Line(60), validate=validate.Length(max=30))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        one = [value] if isinstance(value, str) else value
        return super()._deserialize(one, attr, data, **kwargs)


class QuizBody(Schema):
    """`answers`: the ids of the chosen answers by question id."""

    answers = fields.Dict(
        keys=Line(60), values=_AnswerIds(), required=True, validate=validate.Length(max=50)
    )
    use_for_recommendations = Flag()
    show_in_reviews = Flag()


LocaleQuery = translations.LocaleQuery


class RecommendationQuery(LocaleQuery):
    """Lists may be repeated (`concerns=acne&concerns=redness`), also as `concerns[]`."""

    skin_type = SkinType()
    concerns = Tags(load_default=list)
    bracketed_concerns = Tags(data_key="concerns[]", load_default=list)
    avoid = Avoided(load_default=list)
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 50))
    explain = fields.String(validate=validate.OneOf(("0", "1", "true", "false")), load_default="0")

    @ma.post_load
    def _one_list(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        concerns = [*data["concerns"], *data.pop("bracketed_concerns")]
        return {
            **data,
            "concerns": list(dict.fromkeys(concerns)),
            "explain": data["explain"] in ("1", "true"),
        }


class AlikeQuery(LocaleQuery):
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 50))
