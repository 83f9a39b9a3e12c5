{{ config(enabled=env_var("FLOE_PRODUCT") == "customer-360") }}
select
  customer_id,
  name,
  country
from {{ raw("crm_customers") }}
