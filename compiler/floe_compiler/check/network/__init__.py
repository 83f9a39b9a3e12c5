"""Rules about NetworkPolicies as far as they concern one namespace."""
