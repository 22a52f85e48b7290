-- Asserts what 0003_impersonation.sql promises. Run as the owner role in a database that has all migrations up to this
-- one, inside a transaction that is rolled back. An assertion that fails raises, and names itself.

insert into organizations (id, name) values ('00000000-0000-7000-8000-00000000000a', 'A');
select set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
insert into audit_logs (action, resource_type, impersonator) values ('update', 'deals', 'ann@example.org');
insert into audit_logs (action, resource_type) values ('update', 'deals');

do $$
begin
    assert (select count(*) from audit_logs where impersonator = 'ann@example.org') = 1, 'an impersonator is not kept';
    begin
        insert into audit_logs (action, resource_type, impersonator) values ('update', 'deals', ' ');
        assert false, 'nobody impersonated';
    exception when check_violation then null;
    end;
end
$$;
