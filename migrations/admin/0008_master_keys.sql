-- Master keys, versions of data keys, and their rotation.

alter type audit_action add value 'master_key_rotated';
alter type audit_action add value 'master_key_retired';
alter type audit_action add value 'data_key_rotated';

-- Which version of its data key a stored secret was sealed with; what is in no form of ours counts as the first.
create function admin_sealed_version(sealed text) returns integer
    language sql immutable strict parallel safe
    return coalesce(nullif(substring(sealed from '^v1\.data([0-9]{1,9})\.'), '')::integer, 1);

-- A data key per customer and version, and one per version for what belongs to no customer: its customer is null.
alter table admin_data_keys drop constraint admin_data_keys_pkey;
alter table admin_data_keys
    alter column customer_id drop not null,
    add column version integer not null default 1
        constraint admin_data_keys_version_check check (version > 0),
    -- The master key that opens it.
    add column master_key_id text not null generated always as (split_part(wrapped_key, '.', 2)) stored,
    -- Since when new secrets are sealed with a later version.
    add column superseded_at timestamptz,
    add constraint admin_data_keys_customer_version_key unique nulls not distinct (customer_id, version);
create index admin_data_keys_master_key_idx on admin_data_keys (master_key_id, customer_id, version);

create type admin_master_key_state as enum ('active', 'previous', 'retired');

-- The master keys that were ever used. The key itself is elsewhere: in a file, a variable, Vault or AWS KMS.
create table admin_master_keys (
    id text primary key constraint admin_master_keys_id_check check (id ~ '^[^.\s]+$' and length(id) <= 300),
    provider text not null,
    state admin_master_key_state not null,
    activated_at timestamptz not null default now(),
    retired_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint admin_master_keys_retired_check check ((state = 'retired') = (retired_at is not null))
);
-- New data keys are wrapped with this one.
create unique index admin_master_keys_one_active on admin_master_keys (state) where state = 'active';
create trigger admin_master_keys_updated_at before update on admin_master_keys
    for each row execute function admin_set_updated_at();

-- What is there already: the key that most is wrapped with is the active one.
insert into admin_master_keys (id, provider, state, activated_at)
select master_key_id, 'local', case when place = 1 then 'active' else 'previous' end::admin_master_key_state, since
from (
    select master_key_id, min(created_at) as since, row_number() over (order by count(*) desc, master_key_id) as place
    from admin_data_keys where wrapped_key like 'v1.%.%' group by master_key_id
) used;

-- Nothing comes under a retired key any more. Whoever retires one locks its row first, so that what is being written
-- meanwhile is either counted or refused.
create function admin_refuse_retired_master_key() returns trigger language plpgsql as $$
declare
    found_state admin_master_key_state;
begin
    select state into found_state from admin_master_keys
    where id = split_part(new.wrapped_key, '.', 2) for share;
    if found_state = 'retired' then
        raise exception using
            errcode = 'check_violation', constraint = 'admin_data_keys_master_key_retired',
            message = 'the master key of this data key is retired';
    end if;
    return new;
end $$;
create trigger admin_data_keys_not_retired before insert or update of wrapped_key on admin_data_keys
    for each row execute function admin_refuse_retired_master_key();

create type admin_key_rotation_kind as enum ('master_key', 'data_key');
create type admin_key_rotation_status as enum ('running', 'succeeded', 'failed');

-- A rotation is an intent: where it stands is in the rows that it changes, and it goes on there after a crash.
create table admin_key_rotations (
    id uuid primary key default admin_uuidv7(),
    kind admin_key_rotation_kind not null,
    -- Of a master key: the one that is to wrap everything, and the one before it.
    from_key_id text,
    to_key_id text references admin_master_keys (id),
    -- Of a data key: whose (null is the platform), and the version that is to seal everything. Without a foreign key: the
    -- record outlives the customer.
    customer_id uuid,
    to_version integer,
    status admin_key_rotation_status not null default 'running',
    -- Data keys, or secrets, that are to be changed and that were.
    total bigint not null default 0 check (total >= 0),
    done bigint not null default 0 check (done >= 0),
    -- Those that don't open.
    failed bigint not null default 0 check (failed >= 0),
    -- What stands in the way, without anything secret.
    error text,
    requested_by text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((kind = 'master_key') = (to_key_id is not null)),
    check ((kind = 'data_key') = (to_version is not null)),
    check ((status = 'running') = (finished_at is null))
);
create unique index admin_key_rotations_one_master on admin_key_rotations (kind)
    where kind = 'master_key' and status = 'running';
create unique index admin_key_rotations_one_data on admin_key_rotations (customer_id) nulls not distinct
    where kind = 'data_key' and status = 'running';
create index admin_key_rotations_to_key_idx on admin_key_rotations (to_key_id);
create index admin_key_rotations_customer_idx on admin_key_rotations (customer_id, id desc);
create trigger admin_key_rotations_updated_at before update on admin_key_rotations
    for each row execute function admin_set_updated_at();
