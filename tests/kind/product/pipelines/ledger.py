"""Bookings of two cost centres."""

from loading import load

bookings = [
    {"booking_id": number, "cost_center": number % 2, "month": f"2026-{1 + number % 12:02}", "cents": 100 * number}
    for number in range(1, 121)
]

if __name__ == "__main__":
    load("ledger_bookings", bookings, key="booking_id")
