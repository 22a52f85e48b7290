-- What limits count, and from when on; and when a subscription has run out.

-- ------------------------------------------------------------------------------------------- counts of modules
-- Servers and the worker move usage_count all the time, and say so within their transaction (sixty.counts = 'kept'). Whoever else writes it, with psql for example, begins the count anew: the limiter's count bears this time in
-- its name, so that it asks the row again.
alter table admin_customer_modules add column usage_count_set_at timestamptz;
-- A row that takes a removed one's place doesn't go on with its count.
alter table admin_customer_modules alter column usage_count_set_at set default clock_timestamp();

create function admin_note_usage_count() returns trigger
    language plpgsql
as $$
begin
    new.usage_count_set_at := clock_timestamp();
    return new;
end
$$;
-- Only where there is a limit: else nobody counts, and the servers that don't say 'kept' yet would tell of every batch. A
-- limit where there was none begins with what the row says, too.
create trigger admin_customer_modules_usage_count before update of usage_count, usage_limit on admin_customer_modules
    for each row when (
        new.usage_limit is not null and (
            old.usage_limit is null
            or old.usage_count is distinct from new.usage_count
                and current_setting('sixty.counts', true) is distinct from 'kept'
        )
    )
    execute function admin_note_usage_count();
-- Without a list of columns: those that a trigger changes are on none.
create trigger admin_customer_modules_notify_count after update on admin_customer_modules
    for each row when (old.usage_count_set_at is distinct from new.usage_count_set_at)
    execute function admin_notify_customer_changed();

-- The reset date that somebody chose: months are counted from it, so that the 31st comes back after a short month. The
-- worker, which writes the next date, leaves it.
alter table admin_customer_modules add column reset_anchor timestamptz;
update admin_customer_modules set reset_anchor = reset_date where reset_date is not null;
create function admin_note_reset_date() returns trigger
    language plpgsql
as $$
begin
    new.reset_anchor := new.reset_date;
    return new;
end
$$;
create trigger admin_customer_modules_reset_date before update of reset_date on admin_customer_modules
    for each row when (
        old.reset_date is distinct from new.reset_date
        and current_setting('sixty.counts', true) is distinct from 'kept'
    )
    execute function admin_note_reset_date();
create trigger admin_customer_modules_first_reset_date before insert on admin_customer_modules
    for each row execute function admin_note_reset_date();

-- ---------------------------------------------------------------------------------------------- subscriptions
-- Whether a subscription goes on after its end decides about requests, so it is told, too.
create trigger admin_customers_notify_renewal after update of auto_renew on admin_customers
    for each row when (old.auto_renew is distinct from new.auto_renew)
    execute function admin_notify_customer_changed();

-- ------------------------------------------------------------------------------------- limits of single customers
-- In place of what the configuration says for everybody.
create table admin_customer_limits (
    customer_id uuid not null references admin_customers (id) on delete cascade,
    -- Method and path, such as `POST /api/v1/deals`; empty for the limit over all routes.
    route text collate "C" not null default ''
        constraint admin_customer_limits_route_check check (length(route) <= 500),
    -- So many requests in the period; null is without limit.
    requests bigint constraint admin_customer_limits_requests_check check (requests >= 0),
    period rate_limit_period,
    -- What it does while Redis is away; null is as the configuration says.
    without_redis text
        constraint admin_customer_limits_without_redis_check check (without_redis in ('local', 'open', 'closed')),
    reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (customer_id, route),
    constraint admin_customer_limits_period_check check ((requests is null) = (period is null))
);
create trigger admin_customer_limits_updated_at before update on admin_customer_limits
    for each row execute function admin_set_updated_at();
create trigger admin_customer_limits_notify after insert or update or delete on admin_customer_limits
    for each row execute function admin_notify_customer_changed();
create trigger admin_customer_limits_notify_truncate after truncate on admin_customer_limits
    for each statement execute function admin_notify_everything_changed();
create trigger admin_customer_limits_dashboard after insert or update or delete on admin_customer_limits
    for each row execute function admin_notify_dashboard('customers', 'customer_id', 'customer_id');
