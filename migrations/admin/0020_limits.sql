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
create trigger admin_customer_modules_usage_count before update of usage_count on admin_customer_modules
    for each row when (
        old.usage_count is distinct from new.usage_count
        and current_setting('sixty.counts', true) is distinct from 'kept'
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
