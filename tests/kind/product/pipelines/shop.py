"""Orders of the first hundred customers, one a day each."""

from loading import load

orders = [
    {
        "order_id": number,
        "customer_id": 1 + number % 100,
        "ordered_on": f"2026-01-{1 + number % 28:02}",
        "cents": 500 + 7 * number,
    }
    for number in range(1, 501)
]

if __name__ == "__main__":
    load("shop_orders", orders, key="order_id")
