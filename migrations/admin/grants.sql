-- The rights of the server's and the worker's roles in the admin database. Run by its owner after every migration, in a
-- transaction; safe to run again. What isn't named here isn't granted: a right that is taken out of this file is gone
-- after the next run, and a new table is closed until it has its lines.

do $$
begin
    if :'server' = :'worker' or current_user in (:'server', :'worker') then
        raise exception 'the server, the worker and the owner of the tables must be three different roles'
            using errcode = 'invalid_role_specification';
    end if;
    execute format('revoke create, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to %I, %I', current_database(), :'server', :'worker');
end
$$;
-- Rights on single columns are taken with those on their table.
revoke all on all tables in schema public from public, :"server", :"worker";
revoke all on all sequences in schema public from public, :"server", :"worker";
grant usage on schema public to :"server", :"worker";

-- ------------------------------------------------------------------------- what runs with the rights of the owner
-- These triggers keep tables that nobody else writes: the ends of the audit's chains, the roll-ups of usage. `create or
-- replace` in a migration takes this away again, which is one more reason to run this file after each.

alter function admin_audit_join_chain() security definer set search_path = public, pg_temp;
alter function admin_refuse_retired_master_key() security definer set search_path = public, pg_temp;

-- The partitions of usage and the retention of usage and audit: the worker may call these, and has no other way.
alter function admin_ensure_api_usage_partitions(integer) security definer set search_path = public, pg_temp;
alter function admin_retire_api_usage(integer) security definer set search_path = public, pg_temp;
alter function admin_rebuild_api_usage_daily(date) security definer set search_path = public, pg_temp;
alter function admin_audit_remove(uuid, bigint) security definer set search_path = public, pg_temp;
revoke execute on function
    admin_ensure_api_usage_partitions(integer), admin_retire_api_usage(integer), admin_rebuild_api_usage_daily(date),
    admin_finish_api_usage_roll_ups(timestamptz, timestamptz), admin_audit_remove(uuid, bigint)
from public, :"server", :"worker";
grant execute on function
    admin_ensure_api_usage_partitions(integer), admin_retire_api_usage(integer), admin_rebuild_api_usage_daily(date),
    admin_audit_remove(uuid, bigint)
to :"worker";

-- --------------------------------------------------------------------------------------------------- the worker
-- It backs the database up, so it reads everything, also what comes later (a month's partition of usage). Where it changes
-- single columns it may change those alone: nobody makes themselves an owner, or has the audit log sent elsewhere, with its
-- password.

grant select on all tables in schema public to :"worker";
grant select on all sequences in schema public to :"worker";
alter default privileges in schema public grant select on tables to :"worker";
alter default privileges in schema public grant select on sequences to :"worker";

grant insert on admin_audit_logs to :"worker";
grant insert, update, delete on admin_customers to :"worker";
grant insert, update on admin_customer_modules to :"worker";
grant update (status, last_used_at, impersonation_end_told_at) on admin_api_keys to :"worker";
grant update (api_key_encrypted) on admin_customer_ai_keys to :"worker";
grant insert, update, delete on admin_instances to :"worker";
grant insert, update, delete on admin_data_keys to :"worker";
grant insert, update, delete on admin_database_credentials to :"worker";
grant insert, update on admin_operations to :"worker";
grant insert, update on admin_operation_steps to :"worker";
grant insert, update, delete on admin_jobs to :"worker";
grant insert, update on admin_job_schedules to :"worker";
grant insert, update, delete on admin_backups to :"worker";
grant update (response_body_sealed), delete on admin_idempotency_keys to :"worker";
grant insert, update on admin_master_keys to :"worker";
grant update on admin_key_rotations to :"worker";
grant update (totp_secret_sealed) on admin_operators to :"worker";
grant delete on admin_operator_recovery_codes to :"worker";
grant delete on admin_operator_sessions to :"worker";
grant delete on admin_operator_tokens to :"worker";
grant delete on admin_sign_in_guesses to :"worker";
grant delete on admin_passkey_challenges to :"worker";
grant insert, update, delete on admin_denied_attempts to :"worker";
grant update (status, detail, waits_for, attempts, processed_at), delete on admin_clerk_messages to :"worker";
grant insert, update on admin_clerk_organizations, admin_clerk_users, admin_clerk_memberships to :"worker";
grant insert, delete on admin_clerk_reconciliations to :"worker";
grant update (
    leased_by, leased_until, next_attempt_at, failed_attempts, last_error, last_delivered_at, delivered_rows,
    signing_secret_sealed, authorization_sealed
) on admin_audit_streams to :"worker";
grant insert, update (sequence) on admin_audit_stream_cursors to :"worker";
-- Its rotation of the platform's data key seals them anew.
grant update (key_sealed) on admin_acme_accounts to :"worker";
grant update (key_sealed, order_key_sealed) on admin_acme_certificates to :"worker";

-- --------------------------------------------------------------------------------------------------- the server
-- Audit and usage are added to and read, never changed.

grant select, insert on admin_audit_logs to :"server";
grant select on admin_audit_heads, admin_audit_removals to :"server";
grant select, insert on admin_api_usage to :"server";
grant select on admin_api_usage_daily, admin_api_usage_by_key, admin_api_usage_platform to :"server";
grant select on admin_api_usage_retired, admin_api_usage_summary to :"server";
-- Not usage, but how far each server's own spool was handed over.
grant select, insert, update, delete on admin_usage_spools to :"server";

grant select on admin_schema_migrations to :"server";
grant select on admin_feature_modules to :"server";
-- Prices, and what is on sale; which modules there are is the program's.
grant update (base_price_monthly, base_price_annual, is_active) on admin_feature_modules to :"server";
grant select, insert, update on admin_customers to :"server";
grant select, insert, update on admin_customer_modules to :"server";
grant select, insert, update on admin_api_keys to :"server";
grant select, insert, update, delete on admin_customer_limits to :"server";
grant select on admin_customer_summary to :"server";
grant select on admin_instances to :"server";
grant select, insert, update on admin_data_keys to :"server";
grant select on admin_database_credentials to :"server";
-- How many secrets a new data key has to seal.
grant select on admin_customer_ai_keys to :"server";
grant select, insert, update on admin_operations to :"server";
grant select, insert, update on admin_operation_steps to :"server";
grant select, insert, update on admin_jobs to :"server";
grant select on admin_backups to :"server";
-- When a worker last showed a sign of life.
grant select on admin_job_schedules to :"server";
grant select, insert, update, delete on admin_idempotency_keys to :"server";
grant select, insert, update on admin_master_keys to :"server";
grant select, insert on admin_key_rotations to :"server";
grant select, insert, update on admin_operators to :"server";
grant select, insert, update, delete on admin_operator_recovery_codes to :"server";
grant select, insert, update, delete on admin_operator_sessions to :"server";
grant select, insert, update on admin_operator_tokens to :"server";
grant select, insert, delete on admin_operator_identities to :"server";
-- Whose a passkey is, and its key, never change.
grant select, insert, delete on admin_operator_passkeys to :"server";
grant update (name, transports, sign_count, backup, attachment, last_used_at) on admin_operator_passkeys to :"server";
grant select, insert, update, delete on admin_passkey_challenges to :"server";
grant select, insert, update, delete on admin_sign_in_guesses to :"server";
-- What comes in is written down; what is done about it is the worker's. Only a replay makes a message wait again.
grant select, insert, update on admin_clerk_messages to :"server";
grant select on admin_clerk_organizations, admin_clerk_users, admin_clerk_memberships to :"server";
grant select on admin_clerk_reconciliations to :"server";
-- Where a stream begins is written with it; how far it has come is the worker's.
grant select, insert, update, delete on admin_audit_streams to :"server";
grant select, insert on admin_audit_stream_cursors to :"server";
grant select, insert, update, delete on admin_saved_views to :"server";
-- The certificate that servers show: any of them may order it, and each answers the authority.
grant select, insert, update on admin_acme_accounts, admin_acme_certificates to :"server";
grant select, insert, update, delete on admin_acme_challenges to :"server";
