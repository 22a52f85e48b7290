-- What an operator who repeats a request must still be allowed, to be given the answer again: the permissions that were
-- asked for, and whether a session. Null for answers from before this was kept: they are not given again.
alter table admin_idempotency_keys
    add column asked_permissions text[],
    add column asked_session boolean not null default false;

-- Retention removes what is old, and nothing else: also when whoever has the worker's password calls it.

-- Removes the rows of a chain up to and with `through`, and records where the chain now begins; how many rows went. Not
-- when one of them is younger than the least that retention may be set to, and not before each active stream has told it.
-- Every row's age is looked at: somebody may add a row that says that it is old.
create or replace function admin_audit_remove(chain uuid, through bigint) returns bigint language plpgsql as $$
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
    if exists (
        select from admin_audit_logs
        where chain_id = chain and chain_sequence <= through and created_at > now() - interval '30 days'
    ) then
        raise insufficient_privilege using message = 'audit rows are kept for 30 days at least';
    end if;
    if exists (
        select from admin_audit_streams stream
        left join admin_audit_stream_cursors cursor on cursor.stream_id = stream.id and cursor.chain_id = chain
        where stream.is_active and coalesce(cursor.sequence, 0) < through
    ) then
        raise insufficient_privilege using message = 'an active stream has not told these audit rows yet';
    end if;
    update admin_audit_heads set removed_sequence = through, removed_hash = last.row_hash where chain_id = chain;
    delete from admin_audit_logs where chain_id = chain and chain_sequence <= through;
    get diagnostics removed = row_count;
    insert into admin_audit_removals (chain_id, removed_sequence, removed_hash, removed_rows)
    values (chain, through, last.row_hash, removed);
    return removed;
end
$$;

-- When the customer's own log was told that an impersonation has ended; the worker tells those that it wasn't told of.
alter table admin_api_keys add column impersonation_end_told_at timestamptz;
update admin_api_keys set impersonation_end_told_at = now() where impersonated_by is not null and status <> 'active';
create index admin_api_keys_impersonation_untold_idx on admin_api_keys (id)
    where impersonated_by is not null and impersonation_end_told_at is null;
