{{ config(enabled=env_var("FLOE_PRODUCT") == "attribution") }}
select
  orders.order_id,
  shares.campaign,
  orders.cents * shares.share as cents
from {{ input("SALES__ORDER_ANALYTICS__ORDERS") }} as orders
cross join {{ raw("attribution_shares") }} as shares
