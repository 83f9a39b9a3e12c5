"""Gives each campaign its share of an order: all campaigns alike."""

from pipelines.loading import load

CAMPAIGNS = ("spring", "summer")
shares = [{"campaign": campaign, "share": 1 / len(CAMPAIGNS)} for campaign in CAMPAIGNS]

if __name__ == "__main__":
    load("attribution_shares", shares, key="campaign")
