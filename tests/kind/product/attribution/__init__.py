"""Attribution: which campaign an order owes itself to."""
