-- What the guarded path of a request decides by: networks and rotation of keys, grace periods, limits of modules.

alter type audit_action add value 'api_key_updated';
alter type audit_action add value 'api_key_rotated';
alter type audit_action add value 'module_changed';

-- From where a key may be used: ranges of addresses, IPv4 and IPv6; from everywhere when there are none.
alter table admin_api_keys add column allowed_networks cidr[] not null default '{}';
-- The key that this one replaces. Both draw on one quota: rotating a key doesn't double what it may do.
alter table admin_api_keys add column rotated_from uuid
    constraint admin_api_keys_rotated_from_fkey references admin_api_keys (id) on delete set null;
-- Whose quota the key draws on: the first key of its line of rotations; its own when null.
alter table admin_api_keys add column quota_key_id uuid;
-- A key is replaced once.
create unique index admin_api_keys_rotated_from_idx on admin_api_keys (rotated_from);
create index admin_api_keys_quota_idx on admin_api_keys (quota_key_id) where quota_key_id is not null;

-- Since when the subscription stands as it does: a grace period begins there.
alter table admin_customers add column status_changed_at timestamptz not null default now();
create function admin_note_status_change() returns trigger
    language plpgsql
as $$
begin
    new.status_changed_at := clock_timestamp();
    return new;
end
$$;
create trigger admin_customers_status_changed_at before update of subscription_status on admin_customers
    for each row when (old.subscription_status is distinct from new.subscription_status)
    execute function admin_note_status_change();

-- Whatever decides about a request is told. usage_count is not: it changes all the time, and the limiter counts for
-- itself.
drop trigger admin_customers_notify on admin_customers;
create trigger admin_customers_notify
    after insert or delete or update of
        company_domain, database_host, database_port, database_name, database_user, database_password_encrypted,
        subscription_plan, subscription_status, status_changed_at, trial_ends_at, subscription_ends_at, timezone,
        deleted_at, lifecycle
    on admin_customers
    for each row execute function admin_notify_customer_changed();
drop trigger admin_customer_modules_notify on admin_customer_modules;
create trigger admin_customer_modules_notify
    after insert or delete or update of enabled, expires_at, reason, usage_limit, reset_date on admin_customer_modules
    for each row execute function admin_notify_customer_changed();
drop trigger admin_api_keys_notify on admin_api_keys;
create trigger admin_api_keys_notify
    after insert or delete or update of
        key_hash, permissions, rate_limit_requests, rate_limit_period, status, expires_at, allowed_networks, quota_key_id
    on admin_api_keys
    for each row execute function admin_notify_customer_changed();

-- A row of these says where a customer's database is, and how to come in.
create trigger admin_instances_notify_customer
    after insert or delete or update of host, port, database_name, ca_certificate on admin_instances
    for each row execute function admin_notify_customer_changed();
create trigger admin_database_credentials_notify
    after insert or delete or update of username, password_encrypted on admin_database_credentials
    for each row execute function admin_notify_customer_changed();

-- A module that goes on or off sale concerns everybody; so does emptying a table, which tells of no row.
create function admin_notify_everything_changed() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('admin_customer_changed', '*');
    return null;
end
$$;
create trigger admin_feature_modules_notify
    after insert or delete or update of module_key, is_active on admin_feature_modules
    for each statement execute function admin_notify_everything_changed();
create trigger admin_customers_notify_truncate after truncate on admin_customers
    for each statement execute function admin_notify_everything_changed();
create trigger admin_customer_modules_notify_truncate after truncate on admin_customer_modules
    for each statement execute function admin_notify_everything_changed();
create trigger admin_api_keys_notify_truncate after truncate on admin_api_keys
    for each statement execute function admin_notify_everything_changed();
