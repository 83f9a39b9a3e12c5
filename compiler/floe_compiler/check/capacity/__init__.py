"""Rules about how many pods there are and whether they have room: replicas, disruption budgets, spread, quotas."""
