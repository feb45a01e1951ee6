"""What the shop's staff do with reviews: let them through, hide them, answer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.errors import ReviewTransitionRefused
from wrencos_commerce.models.review import REFUSALS, TRANSITIONS, Review, ReviewState
from wrencos_commerce.models.review_feedback import ReviewReport
from wrencos_commerce.services.review_writer import ReviewWriter
from wrencos_core.api import Identity, Invalid, NotFound, audit, bump, now, transactional

Row = Mapping[str, Any]


class ReviewModeration:
    """Changes reviews for staff; each change is in the audit log."""

    def __init__(self, writer: ReviewWriter) -> None:
        self._writer = writer

    @transactional
    def set_state(
        self, id: str, state: ReviewState, identity: Identity, reason: str | None = None
    ) -> Row:
        """Move a review to another state, which settles its reports; the changed row.

        Raises NotFound, Invalid when it is hidden or rejected without a `reason`, or
        ReviewTransitionRefused with what is allowed.
        """
        if state in REFUSALS and not reason:
            raise Invalid(errors={"reason": ["Say why; the author gets to read it."]})
        before = _existing(id)
        current = ReviewState(before["state"])
        if state not in TRANSITIONS[current]:
            allowed = sorted(next.value for next in TRANSITIONS[current])
            raise ReviewTransitionRefused(
                f"The review is {current}; it can go to: {', '.join(allowed)}.",
                current=current.value,
                allowed=allowed,
            )
        _settle_reports(id)
        settled = {"open_reports": 0}
        row = self._writer.change(before, settled, state=state, actor=identity.actor, reason=reason)
        changes = {"from": current.value, "to": state.value, "reason": reason}
        audit.record(identity, "commerce.reviews.set_state", id, changes)
        return row

    @transactional
    def withhold(self, id: str, reason: str, identity: Identity) -> Row:
        """Reject a review that waits, or hide one that is published. Raises as `set_state`."""
        waits = _existing(id)["state"] == ReviewState.PENDING
        state = ReviewState.REJECTED if waits else ReviewState.HIDDEN
        return self.set_state(id, state, identity, reason)

    @transactional
    def reply(self, id: str, text: str, identity: Identity) -> Row:
        """Answer a review in the shop's name, in place of an earlier answer. Raises NotFound."""
        answer = {"text": text, "at": now(), "actor": identity.actor}
        row = _changed(id, {"$set": {"reply": answer}})
        audit.record(identity, "commerce.reviews.reply", id)
        return row

    @transactional
    def remove_reply(self, id: str, identity: Identity) -> Row:
        """Take the shop's answer back; fine when there is none. Raises NotFound."""
        row = _changed(id, {"$unset": {"reply": ""}})
        audit.record(identity, "commerce.reviews.remove_reply", id)
        return row

    @transactional
    def dismiss_reports(self, id: str, identity: Identity) -> Row:
        """Leave a reported review as it is; it leaves the queue. Raises NotFound."""
        row = _changed(id, {"$set": {"open_reports": 0}})
        _settle_reports(id)
        audit.record(identity, "commerce.reviews.dismiss_reports", id)
        return row


def _existing(id: str) -> Row:
    row: Row | None = Review.raw().find_one({"_id": id})
    if row is None:
        raise NotFound(f"There is no review {id}.")
    return row


def _changed(id: str, update: dict[str, Any]) -> Row:
    row: Row | None = Review.raw().find_one_and_update(
        {"_id": id}, bump(update), return_document=True
    )
    if row is None:
        raise NotFound(f"There is no review {id}.")
    return row


def _settle_reports(id: str) -> None:
    ReviewReport.raw().update_many(
        {"review_id": id, "resolved_at": None}, bump({"$set": {"resolved_at": now()}})
    )
