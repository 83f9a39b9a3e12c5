{{ config(enabled=env_var("FLOE_PRODUCT") == "order-analytics") }}
select
  orders.order_id,
  orders.ordered_on,
  orders.cents,
  customers.country
from {{ raw("shop_orders") }} as orders
inner join {{ input("SALES__CUSTOMER_360__CUSTOMERS") }} as customers using (customer_id)
