"""What is printed on documents, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_WORDS: Mapping[str, tuple[str, str]] = {
    "invoice": ("HÓA ĐƠN", "INVOICE"),
    "credit_note": ("PHIẾU HOÀN TIỀN", "CREDIT NOTE"),
    "packing_slip": ("PHIẾU ĐÓNG GÓI", "PACKING SLIP"),
    "invoice_number": ("Số hóa đơn", "Invoice no."),
    "credit_note_number": ("Số phiếu", "Credit note no."),
    "of_invoice": ("Theo hóa đơn", "For invoice"),
    "date": ("Ngày lập", "Date"),
    "order": ("Mã đơn hàng", "Order"),
    "order_date": ("Ngày đặt hàng", "Order date"),
    "parcel": ("Kiện hàng", "Parcel"),
    "tax_id": ("Mã số thuế", "Tax ID"),
    "customer": ("Khách hàng", "Customer"),
    "ship_to": ("Giao đến", "Ship to"),
    "payment": ("Thanh toán", "Payment"),
    "refund": ("Hoàn tiền", "Refund"),
    "delivery": ("Giao hàng", "Delivery"),
    "no_address": ("Nhận tại quầy", "Picked up at the counter"),
    "item": ("Sản phẩm", "Item"),
    "quantity": ("SL", "Qty"),
    "price": ("Đơn giá", "Unit price"),
    "discount": ("Giảm giá", "Discount"),
    "tax": ("Thuế", "Tax"),
    "total": ("Thành tiền", "Total"),
    "amount": ("Số tiền", "Amount"),
    "packed": ("Đã đóng", "Packed"),
    "batch": ("Lô", "Batch"),
    "pieces": ("Tổng số lượng", "Pieces in all"),
    "subtotal": ("Tạm tính", "Subtotal"),
    "shipping": ("Phí vận chuyển", "Shipping"),
    "tax_on_top": ("Thuế", "Tax"),
    "grand_total": ("Tổng cộng", "Total"),
    "tax_within": ("Đã gồm thuế", "Tax included"),
    "paid": ("Đã thanh toán", "Paid"),
    "refunded": ("Đã hoàn tiền", "Refunded"),
    "due": ("Còn phải trả", "Amount due"),
    "refund_total": ("Tổng tiền hoàn", "Total refunded"),
    "tax_summary": ("Tổng hợp thuế", "Tax summary"),
    "rate": ("Thuế suất", "Rate"),
    "net": ("Trước thuế", "Net"),
    "gross": ("Sau thuế", "Gross"),
    "price_lowered": ("Giảm giá bán", "Price lowered"),
    "note": ("Ghi chú của khách", "Customer's note"),
    "page": ("Trang {} / {}", "Page {} of {}"),
    "continued": ("(tiếp theo)", "(continued)"),
    "payment.pending": ("Chưa thanh toán", "Not paid yet"),
    "payment.paid": ("Đã thanh toán", "Paid"),
    "payment.partially_refunded": ("Đã hoàn một phần", "Partly refunded"),
    "payment.refunded": ("Đã hoàn tiền", "Refunded"),
    "payment.void": ("Đã hủy", "Cancelled"),
    "reason.cancelled": ("Đơn hàng đã hủy", "The order was cancelled"),
    "reason.returned": ("Hàng trả lại", "Goods were returned"),
    "reason.damaged": ("Hàng bị hư hỏng", "Goods were damaged"),
    "reason.missing": ("Thiếu hàng", "Goods were missing"),
    "reason.goodwill": ("Hỗ trợ khách hàng", "Goodwill"),
    "reason.not_owed": ("Tiền trả thừa", "Paid without need"),
    "reason.other": ("Lý do khác", "Another reason"),
}

Say = Callable[[str], str]


def words_of(locale: str) -> Say:
    """Returns `say(key)`: the words in this language."""
    column = 0 if locale == "vi" else 1
    return lambda key: _WORDS[key][column]
