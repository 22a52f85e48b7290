-- What the dashboard lives on: the news of what changed, whoever changed it, and the lists that operators keep.

alter type audit_action add value 'saved_view_created';
alter type audit_action add value 'saved_view_updated';
alter type audit_action add value 'saved_view_deleted';

-- ------------------------------------------------------------------------------------------------------- news
-- On admin_dashboard: "topic customer id", with - for what isn't known or would be many. Only ids are told, and what is
-- behind them is asked for by whoever may see it. Losing a notification costs time, never truth.

-- Its arguments: the topic, the customer's column and the id's. A column that isn't there gives -.
create function admin_notify_dashboard() returns trigger
    language plpgsql
as $$
declare
    changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
    perform pg_notify('admin_dashboard', concat_ws(
        ' ', tg_argv[0], coalesce(changed ->> tg_argv[1], '-'), coalesce(changed ->> tg_argv[2], '-')
    ));
    return null;
end
$$;

-- A step knows its operation only.
create function admin_notify_dashboard_of_step() returns trigger
    language plpgsql
as $$
declare
    customer uuid;
begin
    select customer_id into customer from admin_operations where id = new.operation_id;
    perform pg_notify('admin_dashboard', concat_ws(' ', 'operations', coalesce(customer::text, '-'), new.operation_id));
    return null;
end
$$;

create trigger admin_customers_dashboard after insert or update or delete on admin_customers
    for each row execute function admin_notify_dashboard('customers', 'id', 'id');
create trigger admin_instances_dashboard
    after insert or delete or update of host, port, target, postgres_version, schema_version, ready_at
    on admin_instances
    for each row execute function admin_notify_dashboard('customers', 'customer_id', 'customer_id');

-- usage_count and last_used_at change all the time, and are news to nobody.
create trigger admin_customer_modules_dashboard
    after insert or delete or update of enabled, expires_at, reason, usage_limit, reset_date on admin_customer_modules
    for each row execute function admin_notify_dashboard('modules', 'customer_id', 'id');
create trigger admin_feature_modules_dashboard after insert or update or delete on admin_feature_modules
    for each row execute function admin_notify_dashboard('modules', '', 'id');
create trigger admin_api_keys_dashboard
    after insert or delete or update of
        name, description, permissions, allowed_networks, rate_limit_requests, rate_limit_period, status, expires_at,
        revoked_at
    on admin_api_keys
    for each row execute function admin_notify_dashboard('api_keys', 'customer_id', 'id');

create trigger admin_operations_dashboard
    after insert or update of status, intent, attempts, error, cancel_requested_at on admin_operations
    for each row execute function admin_notify_dashboard('operations', 'customer_id', 'id');
create trigger admin_operation_steps_dashboard after insert or update on admin_operation_steps
    for each row execute function admin_notify_dashboard_of_step();
-- Not when they are tidied away, thousands at once.
create trigger admin_jobs_dashboard after insert or update of status, run_at, attempts, crashes on admin_jobs
    for each row execute function admin_notify_dashboard('jobs', '', 'id');
create trigger admin_backups_dashboard after insert or delete or update of status on admin_backups
    for each row execute function admin_notify_dashboard('backups', 'customer_id', 'id');

create trigger admin_audit_logs_dashboard after insert on admin_audit_logs
    for each row execute function admin_notify_dashboard('audit', 'customer_id', 'id');
create trigger admin_audit_streams_dashboard
    after insert or delete or update of name, endpoint, is_active, last_error on admin_audit_streams
    for each row execute function admin_notify_dashboard('audit', '', '');

-- A batch of usage is told of once, by the row that moves with it.
create trigger admin_usage_spools_dashboard after update of records on admin_usage_spools
    for each row when (old.records is distinct from new.records)
    execute function admin_notify_dashboard('usage', '', '');

create trigger admin_operators_dashboard after insert or update or delete on admin_operators
    for each row execute function admin_notify_dashboard('operators', '', 'id');
create trigger admin_operator_sessions_dashboard
    after insert or delete or update of stage, revoked_at on admin_operator_sessions
    for each row execute function admin_notify_dashboard('operators', '', 'operator_id');
create trigger admin_operator_tokens_dashboard after insert or delete or update of revoked_at on admin_operator_tokens
    for each row execute function admin_notify_dashboard('operators', '', 'operator_id');
create trigger admin_operator_identities_dashboard after insert or delete on admin_operator_identities
    for each row execute function admin_notify_dashboard('operators', '', 'operator_id');

-- What the identity provider tells comes in floods: each of these is the same news, which a transaction tells once.
create trigger admin_clerk_messages_dashboard after insert or update of status on admin_clerk_messages
    for each row execute function admin_notify_dashboard('clerk', '', '');
create trigger admin_clerk_organizations_dashboard after insert or update on admin_clerk_organizations
    for each row execute function admin_notify_dashboard('clerk', '', '');
create trigger admin_clerk_memberships_dashboard after insert or update on admin_clerk_memberships
    for each row execute function admin_notify_dashboard('clerk', '', '');
create trigger admin_clerk_reconciliations_dashboard after insert on admin_clerk_reconciliations
    for each row execute function admin_notify_dashboard('clerk', '', '');

create trigger admin_master_keys_dashboard after insert or update or delete on admin_master_keys
    for each row execute function admin_notify_dashboard('secrets', '', '');
create trigger admin_data_keys_dashboard after insert or delete or update of wrapped_key on admin_data_keys
    for each row execute function admin_notify_dashboard('secrets', '', '');
create trigger admin_key_rotations_dashboard after insert or update on admin_key_rotations
    for each row execute function admin_notify_dashboard('secrets', 'customer_id', 'id');

-- ------------------------------------------------------------------------------------------------ saved views

-- A list as an operator wants to see it again: the filters, sort and columns of a page, as its address has them.
create table admin_saved_views (
    id uuid primary key default admin_uuidv7(),
    operator_id uuid not null references admin_operators (id) on delete cascade,
    -- The page, such as `customers`.
    page text not null constraint admin_saved_views_page_check check (page ~ '^[a-z][a-z-]{0,39}$'),
    name text not null constraint admin_saved_views_name_check check (length(name) between 1 and 100),
    -- What follows the ? in the page's address.
    query text not null constraint admin_saved_views_query_check check (length(query) <= 2000),
    -- Whether the other operators see it too.
    shared boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_saved_views_name_key unique (operator_id, page, name)
);
create index admin_saved_views_shared_idx on admin_saved_views (page, name) where shared;
create trigger admin_saved_views_updated_at before update on admin_saved_views
    for each row execute function admin_set_updated_at();
