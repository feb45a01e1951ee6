"""`wrencos review`: the moderators' work in a terminal, and the audit of the ratings."""

from __future__ import annotations

import click

from wrencos_commerce.commands.options import CLI, as_json_option
from wrencos_commerce.models.review import ReviewState
from wrencos_commerce.services import ratings
from wrencos_commerce.services.review_moderation import ReviewModeration
from wrencos_commerce.services.review_queries import ReviewQueries
from wrencos_commerce.views.base import Row
from wrencos_commerce.views.reviews import Beside, moderated_review
from wrencos_core.api import (
    Platform,
    fail,
    pass_platform,
    print_json,
    print_table,
)

_COLUMNS = ("REVIEW", "STATUS", "STARS", "VERIFIED", "REPORTS", "PRODUCT", "COMMENT")


@click.group()
def review() -> None:
    """Moderate reviews, answer them, and check the products' ratings."""


@review.command("list")
@click.option(
    "--status",
    type=click.Choice([state.value for state in ReviewState]),
    help="Only those in this state.",
)
@click.option("--reported", is_flag=True, help="Only those with open reports, the most first.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many."
)
@as_json_option
@pass_platform
def list_reviews(
    platform: Platform, status: str | None, reported: bool, limit: int, as_json: bool
) -> None:
    """List reviews, the newest first."""
    queries = platform.services.require(ReviewQueries)
    state = ReviewState(status) if status else None
    rows, total = queries.queue(state, reported, 0, limit)
    beside = Beside(queries.authors(rows), queries.product_names(rows))
    if as_json:
        views = [moderated_review(row, beside) for row in rows]
        print_json({"reviews": views, "totalCount": total})
        return
    print_table(_COLUMNS, [_line(row, beside) for row in rows], empty="No reviews.")


@review.command("publish")
@click.argument("review_id")
@as_json_option
@pass_platform
def publish(platform: Platform, review_id: str, as_json: bool) -> None:
    """Let everybody see the review REVIEW_ID."""
    moderation = platform.services.require(ReviewModeration)
    _done(platform, moderation.set_state(review_id, ReviewState.PUBLISHED, CLI), as_json)


@review.command("hide")
@click.argument("review_id")
@click.option("--reason", required=True, help="Why; the author gets to read it.")
@as_json_option
@pass_platform
def hide(platform: Platform, review_id: str, reason: str, as_json: bool) -> None:
    """Hide the review REVIEW_ID, or reject it when it was never published."""
    moderation = platform.services.require(ReviewModeration)
    _done(platform, moderation.withhold(review_id, reason, CLI), as_json)


@review.command("reply")
@click.argument("review_id")
@click.argument("text")
@as_json_option
@pass_platform
def reply(platform: Platform, review_id: str, text: str, as_json: bool) -> None:
    """Answer the review REVIEW_ID with TEXT in the shop's name."""
    if not text.strip():
        fail("An answer says something.")
    moderation = platform.services.require(ReviewModeration)
    _done(platform, moderation.reply(review_id, text.strip(), CLI), as_json)


@review.command("recount")
@click.option("--fix", is_flag=True, help="Repair what differs.")
@as_json_option
@pass_platform
def recount(_: Platform, fix: bool, as_json: bool) -> None:
    """Compare every product's rating with its published reviews.

    The exit status is 1 when something differs and was not repaired.
    """
    found = list(ratings.recount(fix=fix))
    if as_json:
        differences = [
            {
                "productId": difference.product_id,
                "stored": difference.stored._asdict(),
                "counted": difference.counted._asdict(),
            }
            for difference in found
        ]
        print_json({"differences": differences, "fixed": fix})
    else:
        lines = [
            (
                difference.product_id,
                f"{difference.stored.reviews} with {difference.stored.stars} stars",
                f"{difference.counted.reviews} with {difference.counted.stars} stars",
            )
            for difference in found
        ]
        print_table(("PRODUCT", "STORED", "COUNTED"), lines, empty="Every rating is right.")
    if found and not fix:
        click.get_current_context().exit(1)


def _done(platform: Platform, row: Row, as_json: bool) -> None:
    queries = platform.services.require(ReviewQueries)
    beside = Beside(queries.authors([row]), queries.product_names([row]))
    if as_json:
        print_json(moderated_review(row, beside))
    else:
        click.echo(f"{row['_id']} is {row['state']}.")


def _line(row: Row, beside: Beside) -> tuple[object, ...]:
    comment = " ".join(row["comment"].split())
    return (
        row["_id"],
        row["state"],
        row["rating"],
        "yes" if row["is_verified"] else "no",
        row["open_reports"],
        beside.products.get(row["product_id"]),
        comment if len(comment) <= 60 else f"{comment[:59]}…",
    )
