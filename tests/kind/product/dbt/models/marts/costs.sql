{{ config(enabled=env_var("FLOE_PRODUCT") == "cost-center") }}
select
  cost_center,
  month,
  sum(cents) as cents
from {{ raw("ledger_bookings") }}
group by all
