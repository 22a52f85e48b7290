-- The admin database: who the customers are, what they bought, what they used.
--
-- Clients that we don't build read and write these tables directly. Names and meanings of the tables, columns,
-- enums and views are therefore fixed; whatever such clients don't mention has a default.
-- Needs no extension; runs on PostgreSQL 15 and newer.

-- ---------------------------------------------------------------------------------------------------- functions

-- A time-ordered UUID (version 7): 48 bits of milliseconds, the rest random. New rows land at the right edge of
-- an index instead of all over it. PostgreSQL has a function of its own only since 18.
create function admin_uuidv7() returns uuid
    language sql volatile parallel safe
as $$
    select encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid
$$;

-- For tables with both created_at and updated_at. The clock's time, not the transaction's: two updates in one
-- transaction differ, and a long transaction can't move a row's time backwards.
create function admin_set_updated_at() returns trigger
    language plpgsql
as $$
begin
    new.created_at := old.created_at;
    new.updated_at := clock_timestamp();
    return new;
end
$$;

-- Tells whoever listens on admin_customer_changed which customer is no longer what it was, so that caches of
-- keys, modules and statuses stay true whoever made the change. The payload is the customer's id.
create function admin_notify_customer_changed() returns trigger
    language plpgsql
as $$
declare
    -- The row as JSON, because the customer's id is `id` in one table and `customer_id` in the others.
    changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
    perform pg_notify('admin_customer_changed', coalesce(changed ->> 'customer_id', changed ->> 'id'));
    return null;
end
$$;

-- -------------------------------------------------------------------------------------------------------- enums

create type subscription_status as enum ('active', 'trial', 'suspended', 'canceled', 'expired');
create type plan_type as enum ('starter', 'pro', 'enterprise');
create type rate_limit_period as enum ('minute', 'hour', 'day', 'month');
create type api_key_status as enum ('active', 'revoked', 'expired');
create type ai_provider_type as enum ('openai', 'gemini', 'anthropic');
create type key_owner_type as enum ('system', 'customer');
create type audit_action as enum (
    'customer_created', 'customer_updated', 'customer_deleted',
    'module_enabled', 'module_disabled',
    'api_key_created', 'api_key_revoked', 'api_key_used',
    'ai_key_added', 'ai_key_removed',
    'subscription_upgraded', 'subscription_downgraded', 'subscription_canceled',
    'customer_suspended', 'customer_resumed', 'customer_provisioning_failed',
    'credentials_rotated', 'credentials_revealed',
    'backup_created', 'backup_restored',
    'api_key_expired', 'subscription_expired',
    'operation_retried', 'operation_canceled'
);
create type customer_lifecycle as enum ('provisioning', 'ready', 'deleting', 'deleted');

-- ---------------------------------------------------------------------------------------------- feature modules

create table admin_feature_modules (
    id uuid primary key default admin_uuidv7(),
    module_key text not null constraint admin_feature_modules_module_key_key unique
        constraint admin_feature_modules_module_key_check check (module_key ~ '^[a-z_]+$'),
    module_name text not null,
    module_description text,
    base_price_monthly numeric(10, 2) not null default 0
        constraint admin_feature_modules_base_price_monthly_check check (base_price_monthly >= 0),
    base_price_annual numeric(10, 2) not null default 0
        constraint admin_feature_modules_base_price_annual_check check (base_price_annual >= 0),
    enabled_by_default boolean not null default false,
    is_active boolean not null default true,
    -- The place in the price list.
    sort_order integer not null default 100
        constraint admin_feature_modules_sort_order_check check (sort_order >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- The same as domain::modules::ALL; a test holds the two together.
insert into admin_feature_modules
    (sort_order, module_key, module_name, module_description, base_price_monthly, base_price_annual, enabled_by_default)
values
    (1, 'crm_core', 'CRM Core', 'Organizations, users, contacts, deals, activities and tasks.', 0, 0, true),
    (2, 'advanced_pipeline', 'Advanced Pipeline', 'Further deal stages, split deals and pipeline summaries.', 29.99, 299.99, true),
    (3, 'calendar_integration', 'Calendar Integration', 'Calendar events beside contacts and deals.', 19.99, 199.99, false),
    (4, 'ai_assistant', 'AI Assistant', 'Language models that know the customer''s data.', 49.99, 499.99, false),
    (5, 'workflow_automation', 'Workflow Automation', 'Workflows and smart task templates.', 39.99, 399.99, false),
    (6, 'analytics_reporting', 'Analytics & Reporting', 'Reports over deals, activities and tasks.', 59.99, 599.99, false),
    (7, 'api_access', 'API Access', 'API keys that the customer''s users make for themselves.', 79.99, 799.99, false),
    (8, 'custom_fields', 'Custom Fields', 'Fields of the customer''s own.', 19.99, 199.99, false),
    (9, 'bulk_operations', 'Bulk Operations', 'Import, export and changes of many rows at once.', 29.99, 299.99, false),
    (10, 'compliance_audit', 'Compliance & Audit', 'The customer''s own audit log, provable and exportable.', 99.99, 999.99, false);

-- ---------------------------------------------------------------------------------------------------- customers

create table admin_customers (
    id uuid primary key default admin_uuidv7(),
    company_name text not null
        constraint admin_customers_company_name_check check (company_name <> ''),
    company_domain text constraint admin_customers_company_domain_key unique,
    company_logo_url text,
    industry text,
    company_size text,
    timezone text not null default 'UTC',
    database_host text,
    database_port integer
        constraint admin_customers_database_port_check check (database_port between 1 and 65535),
    database_name text constraint admin_customers_database_name_key unique,
    database_user text,
    -- Sealed by envelope encryption; never a password in the clear.
    database_password_encrypted text,
    clerk_org_id text constraint admin_customers_clerk_org_id_key unique,
    clerk_admin_user_id text,
    subscription_plan plan_type not null default 'starter',
    subscription_status subscription_status not null default 'trial',
    billing_email text,
    trial_started_at timestamptz,
    trial_ends_at timestamptz,
    subscription_started_at timestamptz,
    subscription_ends_at timestamptz,
    auto_renew boolean not null default true,
    use_customer_ai_keys boolean not null default false,
    metadata jsonb not null default '{}'
        constraint admin_customers_metadata_check check (jsonb_typeof(metadata) = 'object'),
    deleted_at timestamptz,
    -- How far the customer's existence has come. Only `ready` ones are served; clients that insert a customer
    -- without knowing of this column insert one that is wholly there.
    lifecycle customer_lifecycle not null default 'ready',
    -- The status to go back to when a suspension ends.
    suspended_from subscription_status
        constraint admin_customers_suspended_from_check check (suspended_from <> 'suspended'),
    suspended_at timestamptz,
    suspension_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_customers_trial_period_check check (trial_ends_at > trial_started_at),
    constraint admin_customers_subscription_period_check check (subscription_ends_at > subscription_started_at)
);

-- The lists of the dashboard: newest first, by status, by plan, by name.
create index admin_customers_created_idx on admin_customers (created_at desc, id desc) where deleted_at is null;
create index admin_customers_updated_idx on admin_customers (updated_at desc, id desc) where deleted_at is null;
create index admin_customers_status_idx on admin_customers (subscription_status, created_at desc, id desc)
    where deleted_at is null;
create index admin_customers_plan_idx on admin_customers (subscription_plan, created_at desc, id desc)
    where deleted_at is null;
create index admin_customers_company_name_idx on admin_customers (company_name, id) where deleted_at is null;
-- "Which customers pay with this address?", "whose administrator is this person?"
create index admin_customers_billing_email_idx on admin_customers (lower(billing_email)) where billing_email is not null;
create index admin_customers_clerk_admin_idx on admin_customers (clerk_admin_user_id)
    where clerk_admin_user_id is not null;
-- The scans of the worker: each finds its few rows without reading the others.
create index admin_customers_trial_ends_idx on admin_customers (trial_ends_at)
    where subscription_status = 'trial' and deleted_at is null;
create index admin_customers_subscription_ends_idx on admin_customers (subscription_ends_at)
    where subscription_status = 'active' and deleted_at is null;
create index admin_customers_lifecycle_idx on admin_customers (lifecycle, created_at) where lifecycle <> 'ready';
create index admin_customers_deleted_idx on admin_customers (deleted_at) where deleted_at is not null;

-- ------------------------------------------------------------------------------------------ customers' modules

create table admin_customer_modules (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid not null references admin_customers (id) on delete cascade,
    module_id uuid not null references admin_feature_modules (id) on delete restrict,
    enabled boolean not null default true,
    enabled_at timestamptz default now(),
    disabled_at timestamptz,
    -- When an enabled module goes off by itself; null means never.
    expires_at timestamptz,
    reason text,
    usage_limit bigint constraint admin_customer_modules_usage_limit_check check (usage_limit >= 0),
    usage_count bigint not null default 0
        constraint admin_customer_modules_usage_count_check check (usage_count >= 0),
    reset_date timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_customer_modules_customer_id_module_id_key unique (customer_id, module_id)
);
create index admin_customer_modules_module_idx on admin_customer_modules (module_id, customer_id);
-- Read with every key that isn't cached: an index-only answer.
create index admin_customer_modules_enabled_idx on admin_customer_modules (customer_id) include (module_id, expires_at)
    where enabled;
create index admin_customer_modules_reset_idx on admin_customer_modules (reset_date) where reset_date is not null;

-- ----------------------------------------------------------------------------------------------------- API keys

create table admin_api_keys (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid not null references admin_customers (id) on delete cascade,
    key_hash text not null constraint admin_api_keys_key_hash_key unique
        constraint admin_api_keys_key_hash_check check (key_hash ~ '^[0-9a-f]{64}$'),
    key_prefix text not null
        constraint admin_api_keys_key_prefix_check check (length(key_prefix) between 1 and 20),
    name text not null,
    description text,
    permissions jsonb not null default '[]'
        constraint admin_api_keys_permissions_check check (jsonb_typeof(permissions) = 'array'),
    rate_limit_requests integer not null default 1000
        constraint admin_api_keys_rate_limit_requests_check check (rate_limit_requests >= 0),
    rate_limit_period rate_limit_period not null default 'month',
    status api_key_status not null default 'active',
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index admin_api_keys_customer_idx on admin_api_keys (customer_id, created_at desc, id desc);
create index admin_api_keys_active_idx on admin_api_keys (customer_id) where status = 'active';
create index admin_api_keys_expires_idx on admin_api_keys (expires_at)
    where status = 'active' and expires_at is not null;
-- "Whose key is sk_8fJ2...?", asked when a key was found in the open.
create index admin_api_keys_prefix_idx on admin_api_keys (key_prefix);

-- ---------------------------------------------------------------------------------------------------- API usage

-- One row per keyed request: hundreds of millions. Partitioned by month, so that an old month goes by dropping a
-- table and not by deleting rows. There are no foreign keys on purpose: they would cost a lock on the key's row
-- per request, one removed key would fail a whole batch, and usage stays for the books when its customer goes.
-- A request is inserted at most once: whoever writes it chooses `id` and `created_at` when the request ends, and
-- repeats the insert with ON CONFLICT DO NOTHING on the primary key. No further index is needed for that.
create table admin_api_usage (
    id uuid not null default admin_uuidv7(),
    created_at timestamptz not null default now(),
    customer_id uuid not null,
    api_key_id uuid not null,
    request_id uuid,
    endpoint text not null,
    method text not null,
    status_code integer not null
        constraint admin_api_usage_status_code_check check (status_code between 100 and 599),
    response_time_ms integer
        constraint admin_api_usage_response_time_ms_check check (response_time_ms >= 0),
    request_size_bytes bigint
        constraint admin_api_usage_request_size_bytes_check check (request_size_bytes >= 0),
    response_size_bytes bigint
        constraint admin_api_usage_response_size_bytes_check check (response_size_bytes >= 0),
    updated_at timestamptz not null default now(),
    primary key (id, created_at)
) partition by range (created_at);
-- Indexes are more than half of what a row costs: one per question that is asked, and a BRIN index (a few
-- kilobytes) for questions about everybody's usage on certain days.
create index admin_api_usage_customer_idx on admin_api_usage (customer_id, created_at);
create index admin_api_usage_key_idx on admin_api_usage (api_key_id, created_at);
create index admin_api_usage_created_idx on admin_api_usage using brin (created_at);

-- Takes rows of months that no partition was made for. Usually empty.
create table admin_api_usage_default partition of admin_api_usage default;

-- Makes the partitions of this month (in UTC) and of as many further ones as asked, and answers how many it made.
-- Safe to call at any time and by several at once. Rows of such a month that landed in the default partition
-- are moved. Writers wait while a partition is made, for as long as the lock time-out at most: a long reader of the
-- default partition makes this function fail, and not the writers queue behind it.
create function admin_ensure_api_usage_partitions(months_ahead integer default 3) returns integer
    language plpgsql
    set search_path from current
    set lock_timeout = '3s'
as $$
declare
    this_month timestamp := date_trunc('month', now() at time zone 'UTC');
    month_start timestamptz;
    month_end timestamptz;
    partition_name text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('admin_ensure_api_usage_partitions', 0));
    for month_offset in 0 .. greatest(months_ahead, 0) loop
        month_start := (this_month + make_interval(months => month_offset)) at time zone 'UTC';
        month_end := (this_month + make_interval(months => month_offset + 1)) at time zone 'UTC';
        partition_name := 'admin_api_usage_' || to_char(month_start at time zone 'UTC', '"y"YYYY"m"MM');
        continue when to_regclass(quote_ident(partition_name)) is not null;

        -- Nobody may add a row of this month to the default partition between the moving and the attaching. The
        -- lock on the whole table keeps writers out who have already chosen the default partition for their row:
        -- they would find it closed to them, and fail.
        lock table only admin_api_usage in share row exclusive mode;
        lock table admin_api_usage_default in access exclusive mode;
        execute format(
            'create table %I (like admin_api_usage including defaults including constraints)', partition_name
        );
        execute format(
            'with moved as (
                 delete from admin_api_usage_default where created_at >= %L and created_at < %L returning *
             )
             insert into %I select * from moved',
            month_start, month_end, partition_name
        );
        execute format(
            'alter table admin_api_usage attach partition %I for values from (%L) to (%L)',
            partition_name, month_start, month_end
        );
        made := made + 1;
    end loop;
    return made;
end
$$;

select admin_ensure_api_usage_partitions(3);

-- ------------------------------------------------------------------------------------------------------ AI keys

create table admin_customer_ai_keys (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid not null references admin_customers (id) on delete cascade,
    ai_provider ai_provider_type not null,
    api_key_encrypted text not null,
    is_active boolean not null default true,
    set_at timestamptz not null default now(),
    last_verified_at timestamptz,
    monthly_token_budget bigint
        constraint admin_customer_ai_keys_monthly_token_budget_check check (monthly_token_budget >= 0),
    tokens_used_this_month bigint not null default 0
        constraint admin_customer_ai_keys_tokens_used_this_month_check check (tokens_used_this_month >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_customer_ai_keys_customer_id_ai_provider_key unique (customer_id, ai_provider)
);
create index admin_customer_ai_keys_active_idx on admin_customer_ai_keys (customer_id) where is_active;
-- The keys of a provider that are longest unverified.
create index admin_customer_ai_keys_verified_idx on admin_customer_ai_keys (ai_provider, last_verified_at)
    where is_active;

create table admin_ai_key_usage (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid not null references admin_customers (id) on delete cascade,
    ai_provider ai_provider_type not null,
    key_owner key_owner_type not null,
    prompt_tokens bigint not null default 0
        constraint admin_ai_key_usage_prompt_tokens_check check (prompt_tokens >= 0),
    completion_tokens bigint not null default 0
        constraint admin_ai_key_usage_completion_tokens_check check (completion_tokens >= 0),
    total_tokens bigint not null default 0
        constraint admin_ai_key_usage_total_tokens_check check (total_tokens >= 0),
    estimated_cost_usd numeric(14, 6) not null default 0
        constraint admin_ai_key_usage_estimated_cost_usd_check check (estimated_cost_usd >= 0),
    period_start timestamptz not null,
    period_end timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Not strictly after: clients that count whole days write the same day twice.
    constraint admin_ai_key_usage_period_check check (period_end >= period_start),
    constraint admin_ai_key_usage_period_key
        unique (customer_id, ai_provider, key_owner, period_start, period_end)
);
create index admin_ai_key_usage_customer_idx on admin_ai_key_usage (customer_id, period_start desc);
create index admin_ai_key_usage_period_idx on admin_ai_key_usage (period_start, ai_provider);

-- --------------------------------------------------------------------------------------------------- audit logs

-- customer_id has no foreign key: what happened to a customer stays known when the customer is gone.
create table admin_audit_logs (
    id uuid primary key default admin_uuidv7(),
    customer_id uuid,
    admin_user_id text,
    action audit_action not null,
    resource_type text,
    resource_id text,
    old_values jsonb,
    new_values jsonb,
    ip_address inet,
    user_agent text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index admin_audit_logs_created_idx on admin_audit_logs (created_at desc, id desc);
create index admin_audit_logs_customer_idx on admin_audit_logs (customer_id, created_at desc, id desc);
create index admin_audit_logs_action_idx on admin_audit_logs (action, created_at desc, id desc);
create index admin_audit_logs_actor_idx on admin_audit_logs (admin_user_id, created_at desc, id desc)
    where admin_user_id is not null;
create index admin_audit_logs_resource_idx on admin_audit_logs (resource_type, resource_id, created_at desc);

-- ----------------------------------------------------------------------------------------------------- invoices

create table admin_subscription_invoices (
    id uuid primary key default admin_uuidv7(),
    -- restrict: a customer who was ever invoiced can be deleted softly, never wholly. The books need the row.
    customer_id uuid not null references admin_customers (id) on delete restrict,
    invoice_number text not null constraint admin_subscription_invoices_invoice_number_key unique,
    invoice_date date not null default current_date,
    due_date date,
    subtotal numeric(12, 2) not null default 0
        constraint admin_subscription_invoices_subtotal_check check (subtotal >= 0),
    tax numeric(12, 2) not null default 0
        constraint admin_subscription_invoices_tax_check check (tax >= 0),
    total numeric(12, 2) not null default 0
        constraint admin_subscription_invoices_total_check check (total >= 0),
    currency text not null default 'USD'
        constraint admin_subscription_invoices_currency_check check (currency ~ '^[A-Z]{3}$'),
    status text not null default 'draft'
        constraint admin_subscription_invoices_status_check
            check (status in ('draft', 'sent', 'paid', 'overdue', 'canceled')),
    paid_at timestamptz,
    billing_period_start date,
    billing_period_end date,
    line_items jsonb not null default '[]'
        constraint admin_subscription_invoices_line_items_check check (jsonb_typeof(line_items) = 'array'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_subscription_invoices_due_date_check check (due_date >= invoice_date),
    constraint admin_subscription_invoices_billing_period_check check (billing_period_end >= billing_period_start)
);
create index admin_subscription_invoices_customer_idx
    on admin_subscription_invoices (customer_id, invoice_date desc, id desc);
create index admin_subscription_invoices_unpaid_idx on admin_subscription_invoices (due_date)
    where status in ('sent', 'overdue');
create index admin_subscription_invoices_status_idx on admin_subscription_invoices (status, invoice_date desc);
create index admin_subscription_invoices_period_idx
    on admin_subscription_invoices (billing_period_start, billing_period_end);

-- ----------------------------------------------------------------------------------------------------- triggers

create trigger admin_feature_modules_updated_at before update on admin_feature_modules
    for each row execute function admin_set_updated_at();
create trigger admin_customers_updated_at before update on admin_customers
    for each row execute function admin_set_updated_at();
create trigger admin_customer_modules_updated_at before update on admin_customer_modules
    for each row execute function admin_set_updated_at();
create trigger admin_api_keys_updated_at before update on admin_api_keys
    for each row execute function admin_set_updated_at();
create trigger admin_api_usage_updated_at before update on admin_api_usage
    for each row execute function admin_set_updated_at();
create trigger admin_customer_ai_keys_updated_at before update on admin_customer_ai_keys
    for each row execute function admin_set_updated_at();
create trigger admin_ai_key_usage_updated_at before update on admin_ai_key_usage
    for each row execute function admin_set_updated_at();
create trigger admin_audit_logs_updated_at before update on admin_audit_logs
    for each row execute function admin_set_updated_at();
create trigger admin_subscription_invoices_updated_at before update on admin_subscription_invoices
    for each row execute function admin_set_updated_at();

-- Only what decides about a request is told: last_used_at, which changes all the time, is not.
create trigger admin_customers_notify
    after insert or delete or update of
        company_domain, database_host, database_port, database_name, database_user, database_password_encrypted,
        subscription_plan, subscription_status, deleted_at, lifecycle
    on admin_customers
    for each row execute function admin_notify_customer_changed();
create trigger admin_customer_modules_notify
    after insert or delete or update of enabled, expires_at, usage_limit on admin_customer_modules
    for each row execute function admin_notify_customer_changed();
create trigger admin_api_keys_notify
    after insert or delete or update of
        key_hash, permissions, rate_limit_requests, rate_limit_period, status, expires_at
    on admin_api_keys
    for each row execute function admin_notify_customer_changed();

-- -------------------------------------------------------------------------------------------------------- views

-- Each count is taken by itself: joining the three tables would multiply the counts with each other.
create view admin_customer_summary as
select
    customer.id,
    customer.company_name,
    customer.company_domain,
    customer.subscription_plan,
    customer.subscription_status,
    customer.created_at,
    (
        select count(*) from admin_customer_modules module
        where module.customer_id = customer.id and module.enabled
          and (module.expires_at is null or module.expires_at > now())
    ) as enabled_module_count,
    (
        select count(*) from admin_api_keys key where key.customer_id = customer.id and key.status = 'active'
    ) as api_key_count,
    (
        select count(*) from admin_customer_ai_keys key where key.customer_id = customer.id and key.is_active
    ) as ai_key_count
from admin_customers customer
where customer.deleted_at is null and customer.lifecycle = 'ready';

-- Days are UTC days, whatever the session's time zone is.
create view admin_api_usage_summary as
select
    customer_id,
    (created_at at time zone 'UTC')::date as usage_date,
    count(*) as total_requests,
    count(*) filter (where status_code < 400) as successful_requests,
    count(*) filter (where status_code >= 400) as failed_requests,
    round(avg(response_time_ms), 2) as avg_response_time_ms,
    max(response_time_ms) as max_response_time_ms
from admin_api_usage
group by customer_id, (created_at at time zone 'UTC')::date;

create view admin_token_usage_summary as
select
    customer_id,
    ai_provider,
    key_owner,
    (period_start at time zone 'UTC')::date as usage_date,
    sum(total_tokens)::bigint as total_tokens,
    sum(prompt_tokens)::bigint as total_prompt_tokens,
    sum(completion_tokens)::bigint as total_completion_tokens,
    sum(estimated_cost_usd) as total_estimated_cost
from admin_ai_key_usage
group by customer_id, ai_provider, key_owner, (period_start at time zone 'UTC')::date;
