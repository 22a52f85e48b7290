-- Audit rows that prove themselves: one chain of hashes per customer, one for what concerns no customer. The database
-- keeps the chains, so that the rows of every client join them, also of one that knows only the contract's columns.

-- The end of each chain. Its row is the lock of the chain's writers.
create table admin_audit_heads (
    -- The customer's id; all zeroes for the platform's chain.
    chain_id uuid primary key,
    sequence bigint not null,
    hash bytea not null,
    -- What retention removed: everything up to this row, whose hash the first row that is left continues.
    removed_sequence bigint not null default 0,
    removed_hash bytea not null,
    constraint admin_audit_heads_sequence_check check (sequence >= removed_sequence and removed_sequence >= 0)
);

-- Each removal by retention, for good.
create table admin_audit_removals (
    id bigint generated always as identity primary key,
    chain_id uuid not null,
    removed_sequence bigint not null,
    removed_hash bytea not null,
    removed_rows bigint not null,
    removed_at timestamptz not null default now(),
    removed_by text not null default session_user
);
create index admin_audit_removals_chain_idx on admin_audit_removals (chain_id, removed_sequence);

alter table admin_audit_logs
    add column chain_id uuid,
    add column chain_sequence bigint,
    add column previous_hash bytea,
    add column row_hash bytea;

-- What the first row of a chain continues. It names the chain, so that no chain can take another's place.
create function admin_audit_genesis(chain uuid) returns bytea language sql immutable as $$
    select sha256(convert_to('sixty-audit-1:' || chain::text, 'UTF8'))
$$;

-- A netstring, or - for null: no two lists of values have the same text.
create function admin_audit_field(value text) returns text language sql immutable as $$
    select coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value || ',', '-')
$$;

-- The hash over every stored column but row_hash itself. The crate `audit` computes the same by itself.
create function admin_audit_row_hash(entry admin_audit_logs) returns bytea language plpgsql stable as $$
begin
    return sha256(convert_to(
        admin_audit_field('sixty-audit-1')
        || admin_audit_field(entry.chain_id::text)
        || admin_audit_field(entry.chain_sequence::text)
        || admin_audit_field(encode(entry.previous_hash, 'hex'))
        || admin_audit_field(entry.id::text)
        || admin_audit_field(entry.customer_id::text)
        || admin_audit_field(entry.admin_user_id)
        || admin_audit_field(entry.action::text)
        || admin_audit_field(entry.resource_type)
        || admin_audit_field(entry.resource_id)
        || admin_audit_field(entry.old_values::text)
        || admin_audit_field(entry.new_values::text)
        || admin_audit_field(entry.ip_address::text)
        || admin_audit_field(entry.user_agent)
        || admin_audit_field((extract(epoch from entry.created_at) * 1000000)::bigint::text)
        || admin_audit_field((extract(epoch from entry.updated_at) * 1000000)::bigint::text),
        'UTF8'));
end
$$;

-- Takes the lock of the chain before it reads the chain's end. In READ COMMITTED `for update` waits for the writer who
-- has the lock and then reads what it committed (or, when it gave up, what was there before), so that there is neither
-- fork nor gap. In a stricter isolation level the second writer fails with 40001, and its change with it. A transaction
-- that writes to two chains holds both locks until its end: two such with the opposite order end as a deadlock that
-- PostgreSQL breaks; write the customer's row before the platform's.
create function admin_audit_join_chain() returns trigger language plpgsql as $$
declare
    head admin_audit_heads;
begin
    new.chain_id := coalesce(new.customer_id, '00000000-0000-0000-0000-000000000000');
    select * into head from admin_audit_heads where chain_id = new.chain_id for update;
    if not found then
        -- Two first writers: the second waits here for the first, inserts nothing, and waits its turn below.
        insert into admin_audit_heads (chain_id, sequence, hash, removed_hash)
        values (new.chain_id, 0, admin_audit_genesis(new.chain_id), admin_audit_genesis(new.chain_id))
        on conflict (chain_id) do nothing;
        select * into strict head from admin_audit_heads where chain_id = new.chain_id for update;
    end if;
    -- `on conflict do nothing` would drop the row after its place in the chain was given: that would be a gap.
    if exists (select from admin_audit_logs where id = new.id) then
        raise unique_violation using message = 'an audit row with this id exists', constraint = 'admin_audit_logs_pkey',
            table = 'admin_audit_logs';
    end if;
    new.chain_sequence := head.sequence + 1;
    new.previous_hash := head.hash;
    new.row_hash := admin_audit_row_hash(new);
    update admin_audit_heads set sequence = new.chain_sequence, hash = new.row_hash where chain_id = new.chain_id;
    return new;
end
$$;

-- What is written stays as it is; only retention removes, and only what it has recorded as removed.
create function admin_audit_refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and exists (
        select from admin_audit_heads where chain_id = old.chain_id and removed_sequence >= old.chain_sequence
    ) then
        return old;
    end if;
    raise insufficient_privilege using
        message = 'audit rows are never changed or deleted',
        hint = 'Old rows are removed by admin_audit_remove(chain, through).';
end
$$;

-- Removes the rows of a chain up to and with `through`, and records where the chain now begins; how many rows went.
create function admin_audit_remove(chain uuid, through bigint) returns bigint language plpgsql as $$
declare
    last admin_audit_logs;
    removed bigint;
begin
    -- The lock of the chain: two removals, or a removal and a writer, don't overtake each other.
    perform from admin_audit_heads where chain_id = chain for update;
    select * into last from admin_audit_logs where chain_id = chain and chain_sequence = through;
    if not found then
        return 0;
    end if;
    update admin_audit_heads set removed_sequence = through, removed_hash = last.row_hash where chain_id = chain;
    delete from admin_audit_logs where chain_id = chain and chain_sequence <= through;
    get diagnostics removed = row_count;
    insert into admin_audit_removals (chain_id, removed_sequence, removed_hash, removed_rows)
    values (chain, through, last.row_hash, removed);
    return removed;
end
$$;

-- What was there before joins its chain in the order in which it was written. `updated_at` stays.
alter table admin_audit_logs disable trigger admin_audit_logs_updated_at;
do $$
declare
    entry admin_audit_logs;
    head admin_audit_heads;
begin
    for entry in select * from admin_audit_logs
        order by coalesce(customer_id, '00000000-0000-0000-0000-000000000000'), created_at, id
    loop
        entry.chain_id := coalesce(entry.customer_id, '00000000-0000-0000-0000-000000000000');
        if head.chain_id is distinct from entry.chain_id then
            head.chain_id := entry.chain_id;
            head.sequence := 0;
            head.hash := admin_audit_genesis(entry.chain_id);
            insert into admin_audit_heads (chain_id, sequence, hash, removed_hash)
            values (head.chain_id, 0, head.hash, head.hash);
        end if;
        entry.chain_sequence := head.sequence + 1;
        entry.previous_hash := head.hash;
        entry.row_hash := admin_audit_row_hash(entry);
        update admin_audit_logs
        set chain_id = entry.chain_id, chain_sequence = entry.chain_sequence, previous_hash = entry.previous_hash,
            row_hash = entry.row_hash
        where id = entry.id;
        update admin_audit_heads set sequence = entry.chain_sequence, hash = entry.row_hash
        where chain_id = entry.chain_id;
        head.sequence := entry.chain_sequence;
        head.hash := entry.row_hash;
    end loop;
end
$$;
alter table admin_audit_logs enable trigger admin_audit_logs_updated_at;

alter table admin_audit_logs
    alter column chain_id set not null,
    alter column chain_sequence set not null,
    alter column previous_hash set not null,
    alter column row_hash set not null,
    add constraint admin_audit_logs_chain_key unique (chain_id, chain_sequence);

-- Triggers of a kind run by name: this one last, so that it hashes what is stored.
create trigger zz_admin_audit_logs_join_chain before insert on admin_audit_logs
    for each row execute function admin_audit_join_chain();
create trigger admin_audit_logs_refuse_change before update or delete on admin_audit_logs
    for each row execute function admin_audit_refuse_change();
create trigger admin_audit_logs_refuse_truncate before truncate on admin_audit_logs
    for each statement execute function admin_audit_refuse_change();
