"""What campaigns cost and how often they were clicked, by day."""

from loading import load

clicks = [
    {"click_id": f"{campaign}-{day}", "campaign": campaign, "day": f"2026-01-{day:02}", "clicks": 10 * day, "cents": 99}
    for campaign in ("spring", "summer")
    for day in range(1, 29)
]

if __name__ == "__main__":
    load("ads_clicks", clicks, key="click_id")
