"""Sources -> Plan: layers merged, references looked up, one plan for each environment."""
