"""Customers, as a CRM would have them."""

from loading import load

NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Alan")

customers = [
    {"customer_id": number, "name": NAMES[number % len(NAMES)], "country": "DE" if number % 3 else "FR"}
    for number in range(1, 101)
]

if __name__ == "__main__":
    load("crm_customers", customers, key="customer_id")
