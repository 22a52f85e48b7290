-- Which of a customer's modules are on because the plan has them, and which because somebody decided so.

-- What was written into `enabled` because the plan says so. While the two are equal the plan decides; a client that
-- doesn't know of this column decides by changing `enabled`.
alter table admin_customer_modules add column plan_enabled boolean;

-- Decisions that run out are looked for by the worker.
create index admin_customer_modules_expires_idx on admin_customer_modules (expires_at) where expires_at is not null;

-- What a plan included when this was written: used only here, to tell apart
-- what was there before.
create temporary table included (module_key text, smallest_plan plan_type) on commit drop;
insert into included values
    ('crm_core', 'starter'), ('advanced_pipeline', 'starter'),
    ('calendar_integration', 'pro'), ('workflow_automation', 'pro'),
    ('ai_assistant', 'enterprise'), ('analytics_reporting', 'enterprise'), ('api_access', 'enterprise'),
    ('custom_fields', 'enterprise'), ('bulk_operations', 'enterprise'), ('compliance_audit', 'enterprise');

update admin_customer_modules held
set plan_enabled = true
from admin_customers customer, admin_feature_modules module
join included on included.module_key = module.module_key
where held.customer_id = customer.id and held.module_id = module.id
  and held.enabled and held.expires_at is null and held.reason is null
  and customer.subscription_plan >= included.smallest_plan;

-- Until now a module without a row was off. It follows the plan from here on, so that what was off is written down.
insert into admin_customer_modules (customer_id, module_id, enabled, enabled_at)
select customer.id, module.id, false, null
from admin_customers customer
join included on customer.subscription_plan >= included.smallest_plan
join admin_feature_modules module on module.module_key = included.module_key
where included.module_key <> 'crm_core'
on conflict (customer_id, module_id) do nothing;

drop table included;
