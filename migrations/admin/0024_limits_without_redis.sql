-- What a single limit does while Redis is away: null is as the configuration says for all. Limits of customers and routes have said so
-- since 0020; now those of keys and of modules may, too.
alter table admin_api_keys add column without_redis text
    constraint admin_api_keys_without_redis_check check (without_redis in ('local', 'open', 'closed'));
alter table admin_customer_modules add column without_redis text
    constraint admin_customer_modules_without_redis_check check (without_redis in ('local', 'open', 'closed'));

-- It decides about requests, so it is told, whoever writes it. Rows that come and go are told already.
create trigger admin_api_keys_notify_without_redis after update of without_redis on admin_api_keys
    for each row when (old.without_redis is distinct from new.without_redis)
    execute function admin_notify_customer_changed();
create trigger admin_api_keys_dashboard_without_redis after update of without_redis on admin_api_keys
    for each row when (old.without_redis is distinct from new.without_redis)
    execute function admin_notify_dashboard('api_keys', 'customer_id', 'id');
create trigger admin_customer_modules_notify_without_redis after update of without_redis on admin_customer_modules
    for each row when (old.without_redis is distinct from new.without_redis)
    execute function admin_notify_customer_changed();
create trigger admin_customer_modules_dashboard_without_redis after update of without_redis on admin_customer_modules
    for each row when (old.without_redis is distinct from new.without_redis)
    execute function admin_notify_dashboard('modules', 'customer_id', 'id');
