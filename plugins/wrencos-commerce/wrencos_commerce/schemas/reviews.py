"""What comes in for reviews."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.review import MAX_COMMENT, MAX_PHOTOS, SORTS, ReviewState
from wrencos_commerce.models.review_feedback import ReportReason
from wrencos_core.web import Flag, Line, PageQuery, Schema, Text, Whole

_STATES = [state.value for state in ReviewState]
_DECISIONS = [state.value for state in ReviewState if state is not ReviewState.PENDING]
# `?likeMe=1`, as web pages write it, or `true`.
_TRUTHY, _FALSY = {"1", "true"}, {"0", "false"}


class Switch(fields.Boolean):
    """In a query `1`, `0`, `true` or `false`; anything else is refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy=_TRUTHY, falsy=_FALSY, load_default=False, **kwargs)


class ImageIds(fields.List[str]):
    """Ids of up to five different images."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Line(60), validate=validate.Length(max=MAX_PHOTOS), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        ids = super()._deserialize(value, attr, data, **kwargs)
        if len(set(ids)) < len(ids):
            raise ma.ValidationError("Each image once.")
        return ids


class ReviewFields(Schema):
    """The fields of a review that its author may change."""

    rating = Whole(1, 5)
    comment = Text(MAX_COMMENT)
    image_ids = ImageIds()
    show_name = Flag()
    show_skin_type = Flag()


class ReviewCreate(ReviewFields):
    product_id = Line(60, required=True)
    rating = Whole(1, 5, required=True)
    comment = Text(MAX_COMMENT, required=True)


class ProductReviewsQuery(PageQuery):
    rating = fields.Integer(validate=validate.Range(1, 5))
    skin_type = Line(60)
    verified = Switch()
    with_photos = Switch()
    like_me = Switch()
    sort = fields.String(load_default="newest", validate=validate.OneOf(list(SORTS)))


class ReviewQueueQuery(PageQuery):
    status = fields.String(validate=validate.OneOf(_STATES))
    reported = Switch()


class ReviewStatusBody(Schema):
    status = fields.String(required=True, validate=validate.OneOf(_DECISIONS))
    reason = Text(500)


class ReviewReplyBody(Schema):
    text = Text(2000, required=True)


class ReviewVoteBody(Schema):
    helpful = Flag(required=True)


class ReviewReportBody(Schema):
    reason = fields.String(
        load_default=ReportReason.INAPPROPRIATE.value,
        validate=validate.OneOf([reason.value for reason in ReportReason]),
    )
    note = Text(500)


class ReviewRequestPreference(Schema):
    wanted = Flag(required=True)
