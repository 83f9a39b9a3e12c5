"""Rules about the number of pods and their room: replicas, disruption budgets, spread, quotas."""
