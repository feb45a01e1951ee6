"""Builds the services on each other and offers them to the platform."""

from __future__ import annotations

from wrencos_commerce.services.abandoned_carts import AbandonedCarts
from wrencos_commerce.services.addresses import Addresses
from wrencos_commerce.services.batches import Batches
from wrencos_commerce.services.brands import Brands
from wrencos_commerce.services.cart_choices import CartChoices
from wrencos_commerce.services.carts import Carts
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.checkout import Checkout
from wrencos_commerce.services.csv.export import ProductExport
from wrencos_commerce.services.csv.planning import Planner
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.restoring import Restorer
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_commerce.services.csv.uploads import ImportUploads
from wrencos_commerce.services.csv.writing import Writer
from wrencos_commerce.services.documents.numbers import DocumentNumbers
from wrencos_commerce.services.documents.order_documents import OrderDocuments
from wrencos_commerce.services.gallery import Gallery
from wrencos_commerce.services.ingredients.gathering import IngredientGuard
from wrencos_commerce.services.labels.shelf_cards import ShelfCards
from wrencos_commerce.services.low_stock import LowStock
from wrencos_commerce.services.order_cancelling import OrderCancelling
from wrencos_commerce.services.order_export import OrderExport
from wrencos_commerce.services.order_moves import OrderMoves
from wrencos_commerce.services.order_notes import OrderNotes
from wrencos_commerce.services.order_payments import OrderPayments
from wrencos_commerce.services.order_placing import OrderPlacing
from wrencos_commerce.services.order_queries import OrderQueries
from wrencos_commerce.services.order_shipments import OrderShipments
from wrencos_commerce.services.orders import Orders
from wrencos_commerce.services.payment_links import PaymentLinks
from wrencos_commerce.services.payments.attempts import PaymentAttempts
from wrencos_commerce.services.payments.collecting import Collecting
from wrencos_commerce.services.payments.expiry import Expiry
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.reconciliation import Reconciliation
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.services.payments.refund_settling import RefundSettling
from wrencos_commerce.services.payments.refunds import Refunds
from wrencos_commerce.services.payments.review_desk import ReviewDesk
from wrencos_commerce.services.payments.reviews import PaymentReviews
from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_commerce.services.payments.writer import PaymentWriter
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.product_changes import ProductChanges
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_commerce.services.publishing import Publishing
from wrencos_commerce.services.recent_views import RecentlyViewed
from wrencos_commerce.services.recommendations.advice import Advisor
from wrencos_commerce.services.recommendations.published import PublishedRecommender
from wrencos_commerce.services.reordering import Reordering
from wrencos_commerce.services.rereading import IngredientReader
from wrencos_commerce.services.returns.exchanging import Exchanges
from wrencos_commerce.services.returns.queries import ReturnQueries
from wrencos_commerce.services.returns.receiving import ReturnReceiving
from wrencos_commerce.services.returns.requests import OrderReturns
from wrencos_commerce.services.review_feedback import ReviewFeedback
from wrencos_commerce.services.review_moderation import ReviewModeration
from wrencos_commerce.services.review_queries import ReviewQueries
from wrencos_commerce.services.review_requests import ReviewRequests
from wrencos_commerce.services.review_writer import ReviewWriter
from wrencos_commerce.services.reviews import Reviews
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.report import SearchReport
from wrencos_commerce.services.search.suggestions import Suggestions
from wrencos_commerce.services.search.synonyms import Synonyms
from wrencos_commerce.services.shipping.methods import ShippingMethods
from wrencos_commerce.services.skin_consent import SkinConsent
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_commerce.services.staff_orders import StaffOrders
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_commerce.services.stock_counts import StockCounts
from wrencos_commerce.services.stock_digest import StockDigest
from wrencos_commerce.services.stock_notices import StockNotices
from wrencos_commerce.services.stock_queries import StockQueries
from wrencos_commerce.services.stock_requests import StockRequests
from wrencos_commerce.services.taxes import Taxes
from wrencos_commerce.services.translations import Translations
from wrencos_commerce.services.wishlists import Wishlists
from wrencos_core.api import Platform, ServiceRegistry
from wrencos_core.contracts.commerce import ProductCatalog, Recommender, StockReader
from wrencos_core.contracts.orders import OrderReader


def provide(platform: Platform, services: ServiceRegistry) -> None:
    """Provide every service of commerce."""
    _provide_search(platform, services)
    categories = Categories()
    brands = Brands(platform)
    stock = Stock(platform)
    prices = PriceHistory(platform)
    products = Products(platform, categories, brands, stock, prices)
    product_queries = ProductQueries(platform, services.require(ProductSearch))
    taxes, shipping = Taxes(), ShippingMethods(platform)
    pricing = Pricing(platform, taxes, shipping)
    carts = Carts(platform, product_queries, pricing, stock)
    order_queries = OrderQueries(platform)
    services.provide(Categories, categories)
    services.provide(Brands, brands)
    _provide_content(platform, services)
    _provide_stock(services, stock)
    services.provide(Batches, Batches(platform, stock))
    services.provide(PriceHistory, prices)
    services.provide(Products, products)
    services.provide(ProductQueries, product_queries)
    planner = Planner(products, stock, platform.settings.locale)
    writer = Writer(platform, planner, categories, brands, stock, prices)
    services.provide(ProductExport, ProductExport(platform, categories))
    _provide_imports(
        platform,
        services,
        ProductCsv(planner, writer, categories),
        ImportUndo(platform, Restorer(categories, stock, prices)),
    )
    services.provide(Pricing, pricing)
    services.provide(Taxes, taxes)
    services.provide(ShippingMethods, shipping)
    services.provide(Promotions, Promotions(platform))
    services.provide(Coupons, Coupons())
    services.provide(Carts, carts)
    services.provide(CartChoices, CartChoices(carts, pricing))
    services.provide(AbandonedCarts, AbandonedCarts(platform, product_queries, pricing))
    services.provide(IngredientGuard, IngredientGuard(platform, carts))
    services.provide(IngredientReader, IngredientReader(platform))
    _provide_selling(platform, services, carts=carts, pricing=pricing, stock=stock)
    services.provide(OrderQueries, order_queries)
    services.provide(OrderNotes, OrderNotes())
    services.provide(OrderDocuments, OrderDocuments(platform, DocumentNumbers(platform)))
    services.provide(OrderExport, OrderExport(platform, order_queries))
    services.provide(Reordering, Reordering(platform, carts, product_queries, stock))
    services.provide(ProductCatalog, product_queries)
    services.provide(OrderReader, order_queries)
    _provide_advice(services, product_queries)
    _provide_reviews(platform, services)
    _provide_lists(platform, services, products=product_queries, carts=carts, stock=stock)


def _provide_stock(services: ServiceRegistry, stock: Stock) -> None:
    """Changing the stock, reading it, and proving that it adds up."""
    queries = StockQueries()
    services.provide(Stock, stock)
    services.provide(StockCounts, StockCounts(stock))
    services.provide(StockQueries, queries)
    services.provide(StockReader, queries)
    services.provide(StockAudit, StockAudit())


def _provide_selling(
    platform: Platform,
    services: ServiceRegistry,
    *,
    carts: Carts,
    pricing: Pricing,
    stock: Stock,
) -> None:
    """From the checkout to the money, and all that becomes of an order."""
    methods, reviews, moves = (
        PaymentMethods(platform),
        PaymentReviews(platform),
        OrderMoves(platform),
    )
    order_payments = OrderPayments(platform, moves, stock)
    attempts = PaymentAttempts(platform, methods, order_payments)
    writer = PaymentWriter(methods, order_payments, attempts, reviews)
    collecting = Collecting(writer)
    refunds, settling = Refunds(platform), RefundSettling(platform, reviews)
    reconciliation = Reconciliation(platform, methods, writer, attempts)
    cancelling = OrderCancelling(platform, moves, stock, refunds)
    shipments = OrderShipments(platform, moves, attempts, collecting)
    placing = OrderPlacing(platform, stock, attempts, collecting)
    services.provide(PaymentMethods, methods)
    services.provide(PaymentReviews, reviews)
    services.provide(PaymentWriter, writer)
    services.provide(Collecting, collecting)
    services.provide(PaymentAttempts, attempts)
    services.provide(PaymentQueries, PaymentQueries(platform))
    services.provide(Refunds, refunds)
    services.provide(OrderReturns, OrderReturns(platform, methods))
    services.provide(ReturnQueries, ReturnQueries(platform))
    exchanges = Exchanges(platform, pricing, methods, placing, shipments, refunds, settling)
    services.provide(ReturnReceiving, ReturnReceiving(platform, stock, refunds, exchanges))
    services.provide(RefundSettling, settling)
    services.provide(RefundSending, RefundSending(methods, settling))
    services.provide(Reconciliation, reconciliation)
    services.provide(Expiry, Expiry(cancelling, order_payments))
    services.provide(Webhooks, Webhooks(methods, writer, settling, reconciliation))
    desk = ReviewDesk(reviews, collecting, order_payments, attempts, refunds, settling)
    services.provide(ReviewDesk, desk)
    services.provide(OrderPlacing, placing)
    services.provide(Orders, Orders(moves, shipments, cancelling))
    services.provide(PaymentLinks, PaymentLinks(platform, attempts))
    services.provide(StaffOrders, StaffOrders(platform, pricing, methods, placing, shipments))
    services.provide(Checkout, Checkout(platform, carts, pricing, methods, placing))


def _provide_content(platform: Platform, services: ServiceRegistry) -> None:
    """What products say in other languages, their pictures, and when they go on sale."""
    changes = ProductChanges(platform)
    services.provide(Translations, Translations(platform, changes))
    services.provide(Gallery, Gallery(platform, changes))
    services.provide(Publishing, Publishing(changes))


def _provide_search(platform: Platform, services: ServiceRegistry) -> None:
    """Finding products, and what keeps that in step."""
    search, report = ProductSearch(platform), SearchReport()
    services.provide(SearchIndex, SearchIndex())
    services.provide(ProductSearch, search)
    services.provide(SearchReport, report)
    services.provide(Suggestions, Suggestions(search, report))
    services.provide(Synonyms, Synonyms())


def _provide_advice(services: ServiceRegistry, products: ProductQueries) -> None:
    """What customers told of their skin, and what they are recommended."""
    profiles = SkinProfiles()
    advisor = Advisor(profiles)
    services.provide(SkinProfiles, profiles)
    services.provide(Advisor, advisor)
    services.provide(Recommender, PublishedRecommender(advisor, products, profiles))


def _provide_reviews(platform: Platform, services: ServiceRegistry) -> None:
    writer = ReviewWriter(platform)
    reviews = Reviews(platform, writer)
    services.provide(Reviews, reviews)
    services.provide(SkinConsent, SkinConsent(services.require(SkinProfiles), reviews))
    services.provide(ReviewQueries, ReviewQueries(platform))
    services.provide(ReviewModeration, ReviewModeration(writer))
    services.provide(ReviewFeedback, ReviewFeedback())
    services.provide(ReviewRequests, ReviewRequests(platform, ProductLinks(platform)))


def _provide_imports(
    platform: Platform, services: ServiceRegistry, imports: ProductCsv, undo: ImportUndo
) -> None:
    """Importing files of products, undoing that, and both over HTTP."""
    services.provide(ProductCsv, imports)
    services.provide(ImportUndo, undo)
    services.provide(ImportUploads, ImportUploads(platform, imports, undo))


def _provide_lists(
    platform: Platform,
    services: ServiceRegistry,
    *,
    products: ProductQueries,
    carts: Carts,
    stock: Stock,
) -> None:
    """What customers keep lists of, what the staff is told of the stock, and printed labels."""
    links, low_stock = ProductLinks(platform), LowStock(platform)
    requests = StockRequests(platform, products, stock, links)
    services.provide(ProductLinks, links)
    services.provide(Addresses, Addresses())
    services.provide(Wishlists, Wishlists(products, carts))
    services.provide(RecentlyViewed, RecentlyViewed(products))
    services.provide(StockRequests, requests)
    services.provide(StockNotices, StockNotices(platform, stock, requests, links))
    services.provide(LowStock, low_stock)
    services.provide(StockDigest, StockDigest(platform, low_stock))
    services.provide(ShelfCards, ShelfCards(platform, links))
