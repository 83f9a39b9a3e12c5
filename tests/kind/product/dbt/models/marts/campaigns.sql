{{ config(enabled=env_var("FLOE_PRODUCT") == "campaign-perf") }}
select
  campaign,
  day,
  clicks,
  clicks * cents as cents
from {{ raw("ads_clicks") }}
