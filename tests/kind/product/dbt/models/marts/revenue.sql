{{ config(enabled=env_var("FLOE_PRODUCT") == "revenue-metrics") }}
select
  ordered_on as day,
  country as region,
  sum(cents) as cents
from {{ input("SALES__ORDER_ANALYTICS__ORDERS") }}
group by all
