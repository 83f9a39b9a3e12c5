"""Rules about NetworkPolicies within one namespace."""
