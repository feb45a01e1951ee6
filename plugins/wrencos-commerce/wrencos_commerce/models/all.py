"""Every collection of commerce."""

from __future__ import annotations

from wrencos_commerce.models.address import AddressBook
from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.batch_movement import BatchMovement
from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.document_counter import DocumentCounter
from wrencos_commerce.models.import_run import ImportChange, ImportRun
from wrencos_commerce.models.learned import CoPurchase, Generation, ProfileCount
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.order_return import OrderReturn
from wrencos_commerce.models.payment import Payment, PaymentMessage
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.price_change import PriceChange
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.promotion import Coupon, Promotion, PromotionUse, PromotionUser
from wrencos_commerce.models.recent_view import RecentViews
from wrencos_commerce.models.refund import Refund
from wrencos_commerce.models.review import RefusedReview, Review
from wrencos_commerce.models.review_feedback import LeftoverPhotos, ReviewReport, ReviewVote
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.models.search import (
    SearchCount,
    SearchEntry,
    SearchPosting,
    SearchState,
    SearchSynonym,
    SearchWord,
)
from wrencos_commerce.models.shipping_method import ShippingMethod
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.models.stock_alert import StockAlert
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.models.stock_request import ConfirmationMails, StockRequest
from wrencos_commerce.models.tax_rate import TaxRate
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_core.api import Document

MODELS: list[type[Document]] = [
    Category,
    Brand,
    Product,
    Batch,
    BatchMovement,
    StockMovement,
    Cart,
    TaxRate,
    ShippingMethod,
    Promotion,
    Coupon,
    PromotionUse,
    PromotionUser,
    Order,
    Payment,
    PaymentMessage,
    PaymentReview,
    Refund,
    OrderReturn,
    AddressBook,
    DocumentCounter,
    Review,
    RefusedReview,
    ReviewVote,
    ReviewReport,
    LeftoverPhotos,
    ReviewRequest,
    ReviewOptOut,
    SkinProfile,
    Generation,
    CoPurchase,
    ProfileCount,
    PriceChange,
    ImportRun,
    ImportChange,
    Wishlist,
    StockRequest,
    ConfirmationMails,
    StockAlert,
    RecentViews,
    SearchState,
    SearchPosting,
    SearchEntry,
    SearchWord,
    SearchSynonym,
    SearchCount,
]
