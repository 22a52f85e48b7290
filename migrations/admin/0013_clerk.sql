-- Clerk, the identity provider of the customers' users: what it told us, message by message, and what follows from that.

create type clerk_message_status as enum ('waiting', 'processed', 'ignored', 'failed');

-- Every message as it came, before anything is done about it. A message is one row, however often it is sent.
create table admin_clerk_messages (
    id text primary key constraint admin_clerk_messages_id_check check (length(id) between 1 and 200),
    event_type text not null constraint admin_clerk_messages_event_type_check check (length(event_type) between 1 and 100),
    payload jsonb not null,
    -- By the provider's clock: messages come in any order, and the later one says what holds.
    occurred_at timestamptz not null,
    status clerk_message_status not null default 'waiting',
    -- What it waits for, or why nothing could be done about it.
    detail text,
    -- The user or organization that a waiting message waits for.
    waits_for text,
    attempts integer not null default 0,
    processed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index admin_clerk_messages_created_at_idx on admin_clerk_messages (created_at desc, id desc);
create index admin_clerk_messages_waiting_idx on admin_clerk_messages (created_at) where status = 'waiting';
create index admin_clerk_messages_waits_for_idx on admin_clerk_messages (waits_for) where waits_for is not null;
create trigger admin_clerk_messages_updated_at before update on admin_clerk_messages
    for each row execute function admin_set_updated_at();

-- Organizations, users and memberships as the provider last told of them; of what was deleted, that and when, so that a
-- message that comes late brings nothing back.
create table admin_clerk_organizations (
    clerk_org_id text primary key,
    name text not null,
    slug text,
    created_by text,
    changed_at timestamptz not null,
    deleted_at timestamptz
);
create table admin_clerk_users (
    clerk_user_id text primary key,
    email text,
    name text,
    avatar_url text,
    changed_at timestamptz not null,
    deleted_at timestamptz
);
create table admin_clerk_memberships (
    clerk_org_id text not null,
    clerk_user_id text not null,
    role text not null,
    changed_at timestamptz not null,
    removed_at timestamptz,
    -- Grows with every change of the membership or its user; up to which one the customer's own database knows it.
    version bigint not null default 1,
    synced_version bigint not null default 0,
    sync_error text,
    primary key (clerk_org_id, clerk_user_id)
);
create index admin_clerk_memberships_user_idx on admin_clerk_memberships (clerk_user_id);
create index admin_clerk_memberships_unsynced_idx on admin_clerk_memberships (clerk_org_id) where synced_version < version;

-- What a comparison with the provider found and mended.
create table admin_clerk_reconciliations (
    id uuid primary key default admin_uuidv7(),
    started_at timestamptz not null,
    finished_at timestamptz not null,
    organizations integer not null,
    memberships integer not null,
    drift jsonb not null default '[]' constraint admin_clerk_reconciliations_drift_check check (jsonb_typeof(drift) = 'array'),
    error text
);
create index admin_clerk_reconciliations_started_at_idx on admin_clerk_reconciliations (started_at desc);

-- Whose organization was deleted at the provider is suspended, and may read during the grace period.
alter table admin_customers add column suspended_with_grace boolean not null default false
    constraint admin_customers_suspended_with_grace_check
    check (not suspended_with_grace or subscription_status = 'suspended');
create function admin_end_grace_of_suspension() returns trigger
    language plpgsql
as $$
begin
    if new.subscription_status <> 'suspended' then
        new.suspended_with_grace := false;
    end if;
    return new;
end
$$;
create trigger admin_customers_end_grace_of_suspension before update of subscription_status on admin_customers
    for each row execute function admin_end_grace_of_suspension();

-- A member who is removed, or whose role changes, is told to every server, as everything is that decides about a request.
create function admin_notify_clerk_membership_changed() returns trigger
    language plpgsql
as $$
declare
    customer uuid;
begin
    select id into customer from admin_customers where clerk_org_id = coalesce(new.clerk_org_id, old.clerk_org_id);
    if customer is not null then
        perform pg_notify('admin_customer_changed', customer::text);
    end if;
    return null;
end
$$;
create trigger admin_clerk_memberships_notify
    after insert or delete or update of role, changed_at, removed_at on admin_clerk_memberships
    for each row execute function admin_notify_clerk_membership_changed();
create trigger admin_clerk_memberships_notify_truncate after truncate on admin_clerk_memberships
    for each statement execute function admin_notify_everything_changed();
drop trigger admin_customers_notify on admin_customers;
create trigger admin_customers_notify
    after insert or delete or update of
        company_domain, database_host, database_port, database_name, database_user, database_password_encrypted,
        subscription_plan, subscription_status, status_changed_at, suspended_with_grace, trial_ends_at,
        subscription_ends_at, timezone, deleted_at, lifecycle, clerk_org_id
    on admin_customers
    for each row execute function admin_notify_customer_changed();
