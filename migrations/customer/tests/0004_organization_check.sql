-- Asserts what 0004_organization_check.sql promises. Run as the owner role in a database that has all migrations up to
-- this one, inside a transaction that is rolled back. An assertion that fails raises, and names itself.

do $$
declare
    wrong text;
begin
    perform set_config('app.org_id', '0193F3A2-7c1d-7b5e-9f00-0123456789ab', true);
    assert sixty_current_organization() = '0193f3a2-7c1d-7b5e-9f00-0123456789ab', 'an organization is not taken';
    -- All but the first and the last three are texts that PostgreSQL would read as a UUID.
    foreach wrong in array array[
        '', '0193f3a27c1d7b5e9f000123456789ab', '{0193f3a2-7c1d-7b5e-9f00-0123456789ab}',
        '0193-f3a2-7c1d-7b5e-9f00-0123456789ab', '0193-f3a2-7c1d-7b5e-9f000123456789ab',
        '0193f3a2-7c1d-7b5e-9f00-0123456789ag', '0193f3a2-7c1d-7b5e-9f00-0123456789a-', e'0193f3a2-7c1d-7b5e-9f00-0123456789ab\n'
    ] loop
        perform set_config('app.org_id', wrong, true);
        assert sixty_current_organization() is null, format('%L is an organization', wrong);
    end loop;
end
$$;
