"""Why this plugin refuses: each is a problem with a stable type and members to act on."""

from __future__ import annotations

from wrencos_core.api import Conflict, DomainError


class AlreadyExists(Conflict):
    slug, title = "already-exists", "Something else has this already"


class CategoryInUse(Conflict):
    slug, title = "category-in-use", "The category still holds products or categories"


class BrandInUse(Conflict):
    """`products` is how many products are of the brand."""

    slug, title = "brand-in-use", "The brand still has products"


class GalleryFull(Conflict):
    slug, title = "gallery-full", "The product has as many pictures as it can have"


class ProductUnavailable(Conflict):
    slug, title = "product-unavailable", "The product is not for sale"


class OutOfStock(Conflict):
    """`products` lists `{productId, available}` for each product that there is too little of."""

    slug, title = "out-of-stock", "There is not enough in stock"


class CartFull(Conflict):
    slug, title = "cart-full", "The cart holds too many different products"


class WishlistFull(Conflict):
    slug, title = "wishlist-full", "The wishlist holds too many products"


class BackInStock(Conflict):
    slug, title = "in-stock", "It can be bought now"


class AddressBookFull(Conflict):
    slug, title = "address-book-full", "The address book is full"


class CartEmpty(Conflict):
    slug, title = "cart-empty", "The cart is empty"


class PriceChanged(Conflict):
    """`total` is what the order would cost now, in major units of `currency`.

    `items` lists `{itemId, price, previousPrice}` of what was shown at another price.
    """

    slug, title = "price-changed", "The total has changed"


class NotDeliverable(Conflict):
    """`offered` lists `{shippingMethodId, name, price}` of the methods that do go there."""

    slug, title = "not-deliverable", "The order can't be sent there"


class CouponRefused(Conflict):
    """`coupons` lists `{code, reason}`; at a checkout, `total` is what it would cost without them,
    in major units of `currency`."""

    slug, title = "coupon-refused", "A coupon does not count"


class PromotionUsed(Conflict):
    slug, title = "promotion-used", "Orders have used this"


class CheckoutRefused(Conflict):
    """`reasons` are for the customer to read."""

    slug, title = "checkout-refused", "The order can't be placed"


class TransitionRefused(Conflict):
    """`allowed` lists the statuses that the order may go to from where it is."""

    slug, title = "transition-refused", "The order can't go to this status"


class ReturnRefused(Conflict):
    """`reason` is `too_late`, `nothing_to_return`, `too_many`, `not_paid`, `no_address` or
    `nothing_to_exchange`."""

    slug, title = "return-refused", "This can't be returned"


class ReturnTransitionRefused(Conflict):
    """`allowed` lists the states that the return may go to from where it is."""

    slug, title = "return-transition-refused", "The return can't go to this state"


class TooManyNotes(Conflict):
    slug, title = "too-many-notes", "The order has as many notes as it can have"


class NoInvoice(Conflict):
    """`current` is the state of what there is no document of."""

    slug, title = "no-invoice", "There is no such document"


class UnknownPaymentMethod(DomainError):
    """`offered` lists the ids of the payment methods that there are."""

    status, slug, title = 422, "unknown-payment-method", "This payment method is not offered"


class InvalidLink(DomainError):
    status, slug, title = 400, "invalid-link", "The link is not valid any more"


class CountRefused(Conflict):
    """`variants` lists `{variantId, sku, counted, held, batched}` for each that refuses."""

    slug, title = "count-refused", "Less was counted than there must be"


class NotEnoughInBatch(Conflict):
    """`available` is how many pieces are left of the batch."""

    slug, title = "not-enough-in-batch", "There are not so many pieces in the batch"


class AlreadyReviewed(Conflict):
    """`reviewId` is the review that the customer has written already."""

    slug, title = "already-reviewed", "You have reviewed this product already"


class AlreadyReported(Conflict):
    slug, title = "already-reported", "You have reported this already"


class ReviewTransitionRefused(Conflict):
    """`allowed` lists the states that the review may go to from where it is."""

    slug, title = "review-transition-refused", "The review can't go to this state"


class TooManyUnpaid(Conflict):
    """`orderIds` are the caller's orders that wait for their payment: pay or cancel one."""

    slug, title = "too-many-unpaid", "Too many of your orders wait for their payment"


class NothingToPay(Conflict):
    slug, title = "nothing-to-pay", "There is nothing to pay here now"


class PaymentRefused(Conflict):
    slug, title = "payment-refused", "The payment could not be begun"


class PaymentUnavailable(DomainError):
    """The gateway does not answer; the same request may do soon, and pays nothing twice."""

    status, slug, title = 503, "payment-unavailable", "The payment service does not answer now"


class NothingToRefund(Conflict):
    slug, title = "nothing-to-refund", "There is not so much to pay back"


class RefundTransitionRefused(Conflict):
    """`current` is the state that the refund is in."""

    slug, title = "refund-transition-refused", "The refund can't go to this state"


class ReviewResolved(Conflict):
    slug, title = "review-resolved", "Somebody has decided this already"
