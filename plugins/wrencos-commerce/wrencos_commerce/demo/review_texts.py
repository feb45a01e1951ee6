"""Sentences that the demo's reviews are put together from, by language and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

# Praise, so-so and blame: an opening and something said of the product.
_TEXTS: Mapping[str, Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "vi": {
        "good": (
            ("Mình rất thích.", "Mua lần thứ hai rồi.", "Đúng như mô tả.", "Ưng ý lắm."),
            (
                "Thấm nhanh, không bết dính.",
                "Da mềm hơn hẳn sau hai tuần.",
                "Mùi nhẹ, dễ chịu.",
                "Dùng sáng và tối đều hợp.",
                "Đóng gói kỹ, giao nhanh.",
            ),
        ),
        "fair": (
            ("Tạm ổn.", "Cũng được.", "Dùng được nhưng chưa nổi bật."),
            (
                "Hiệu quả hơi chậm.",
                "Mùi hơi nồng với mình.",
                "Chai hơi nhỏ so với giá.",
                "Cần dùng thêm mới biết.",
            ),
        ),
        "bad": (
            ("Không hợp với mình.", "Hơi thất vọng.", "Sẽ không mua lại."),
            (
                "Da bị khô sau vài ngày.",
                "Thấm chậm và bết.",
                "Vòi bơm bị kẹt.",
                "Màu khác với trong ảnh.",
            ),
        ),
    },
    "en": {
        "good": (
            ("I like it a lot.", "My second bottle.", "Just as described.", "Very pleased."),
            (
                "It sinks in quickly and is not sticky.",
                "My skin is softer after two weeks.",
                "The scent is light.",
                "It works in the morning and at night.",
                "Well packed and here in no time.",
            ),
        ),
        "fair": (
            ("It is all right.", "Fine, but nothing special.", "Does what it should."),
            (
                "It takes a while to work.",
                "The scent is a bit strong for me.",
                "The bottle is small for its price.",
                "I need more time to tell.",
            ),
        ),
        "bad": (
            ("Not for me.", "A little disappointed.", "I won't buy it again."),
            (
                "My skin felt dry after some days.",
                "It stays on the skin and is sticky.",
                "The pump got stuck.",
                "The colour is not that of the picture.",
            ),
        ),
    },
}
_REPLIES: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "good": "Cảm ơn bạn đã chia sẻ!",
        "fair": "Cảm ơn góp ý của bạn. Nhắn cho shop nếu cần tư vấn cách dùng nhé.",
        "bad": "Rất tiếc vì bạn chưa hài lòng. Shop đã gửi hướng dẫn đổi trả cho bạn.",
    },
    "en": {
        "good": "Thank you for telling us!",
        "fair": "Thank you. Write to us if you would like advice on how to use it.",
        "bad": "We are sorry. We have written to you about how to return it.",
    },
}


def comment(random: Random, locale: str, rating: int) -> str:
    """One to three sentences that go with so many stars."""
    openings, remarks = _TEXTS[locale][_mood(rating)]
    said = random.sample(remarks, random.choice((1, 1, 2)))
    return " ".join([random.choice(openings), *said])


def reply(locale: str, rating: int) -> str:
    """What the shop answers to so many stars."""
    return _REPLIES[locale][_mood(rating)]


def _mood(rating: int) -> str:
    return "good" if rating >= 4 else "fair" if rating == 3 else "bad"
