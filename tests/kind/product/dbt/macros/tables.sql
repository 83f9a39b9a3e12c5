{#- Tables of the mesh: in the catalog where the platform has one, else in the local database. -#}

{% macro raw(table) -%}
  {%- if env_var('POLARIS_URI', '') -%}
    lakehouse.{{ env_var('POLARIS_NAMESPACE') }}.{{ table }}
  {%- else -%}
    {{ env_var('FLOE_DOMAIN') }}.{{ table }}
  {%- endif -%}
{%- endmacro %}

{#- The table of another product's output: the platform gives its name in a variable, to those products that read it. -#}
{% macro input(variable) -%}
  {%- if env_var('POLARIS_URI', '') %}lakehouse.{% endif %}{{ env_var('FLOE_INPUT_' ~ variable, '') }}
{%- endmacro %}

{#- Offer the model as the product's output of its name: all rows at once, so that readers never see half of them. -#}
{% macro publish() -%}
  {%- if env_var('POLARIS_URI', '') -%}
    {%- set output = 'lakehouse.' ~ env_var('FLOE_OUTPUT_' ~ this.identifier | upper, '') -%}
    create table if not exists {{ output }} as select * from {{ this }} limit 0;
    begin;
    delete from {{ output }};
    insert into {{ output }} select * from {{ this }};
    commit
  {%- endif -%}
{%- endmacro %}
