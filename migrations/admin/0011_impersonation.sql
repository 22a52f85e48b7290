-- Impersonation: an operator acts in a customer's place, for a reason and for half an hour at most. It is a key of the
-- customer's that belongs to the operator, so that every check of the guarded path, the usage and the change feed hold for
-- it as for any key.

alter type audit_action add value 'impersonation_started';
alter type audit_action add value 'impersonation_ended';

alter table admin_api_keys add column impersonated_by uuid
    constraint admin_api_keys_impersonated_by_fkey references admin_operators (id);
alter table admin_api_keys add column impersonation_reason text;
alter table admin_api_keys add constraint admin_api_keys_impersonation_check check (
    (impersonated_by is null and impersonation_reason is null)
    or (impersonated_by is not null and length(impersonation_reason) between 3 and 500
        -- A little more, for the time between the server's clock and the database's.
        and expires_at is not null and expires_at <= created_at + interval '31 minutes'
        and rotated_from is null)
);
create index admin_api_keys_impersonated_by_idx on admin_api_keys (impersonated_by);

-- An impersonation stays one, and somebody's.
create function admin_keep_impersonation() returns trigger
    language plpgsql
as $$
begin
    raise exception 'an impersonation is not given to somebody else, and no key becomes one'
        using errcode = 'check_violation', constraint = 'admin_api_keys_impersonation_check', table = tg_table_name;
end
$$;
create trigger admin_api_keys_keep_impersonation before update of impersonated_by, impersonation_reason on admin_api_keys
    for each row when (old.impersonated_by is distinct from new.impersonated_by
                       or old.impersonation_reason is distinct from new.impersonation_reason)
    execute function admin_keep_impersonation();
