-- Asserts what 0002_idempotency_keys.sql promises. Run as the owner role in a database that has all migrations up to this
-- one, inside a transaction that is rolled back. An assertion that fails raises, and names itself.

insert into organizations (id, name) values
    ('00000000-0000-7000-8000-00000000000a', 'A'), ('00000000-0000-7000-8000-00000000000b', 'B');

-- The same key of two organizations, two methods and two paths are different keys.
select set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
insert into idempotency_keys (method, path, key, fingerprint, status, body) values
    ('POST', '/api/v1/deals', 'k', sha256('1'), 201, '{}'),
    ('POST', '/api/v1/contacts', 'k', sha256('1'), 201, '{}'),
    ('PUT', '/api/v1/deals', 'k', sha256('1'), 201, '{}');
select set_config('app.org_id', '00000000-0000-7000-8000-00000000000b', true);
insert into idempotency_keys (method, path, key, fingerprint, status, body) values
    ('POST', '/api/v1/deals', 'k', sha256('2'), 201, '{"b": 1}');

do $$
begin
    assert (select array_agg(body) from idempotency_keys) = array['{"b": 1}'], 'another organization''s answers are seen';
    begin
        insert into idempotency_keys (method, path, key, fingerprint, status, body) values
            ('POST', '/api/v1/deals', 'k', sha256('3'), 201, '{}');
        assert false, 'one key was used twice';
    exception when unique_violation then null;
    end;
    begin
        insert into idempotency_keys (org_id, method, path, key, fingerprint, status, body) values
            ('00000000-0000-7000-8000-00000000000a', 'POST', '/x', 'k', sha256('3'), 201, '{}');
        assert false, 'an answer was written into another organization';
    exception when insufficient_privilege then null;
    end;
    delete from idempotency_keys;
    perform set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
    assert (select count(*) from idempotency_keys) = 3, 'another organization''s answers were deleted';
    perform set_config('app.org_id', '', true);
    assert (select count(*) from idempotency_keys) = 0, 'answers without an organization';
end
$$;

-- What can't be.
select set_config('app.org_id', '00000000-0000-7000-8000-00000000000a', true);
do $$
declare
    wrong text;
begin
    foreach wrong in array array[
        $sql$('post', '/x', 'k', sha256('1'), 201, '{}')$sql$,
        $sql$('POST', 'x', 'k', sha256('1'), 201, '{}')$sql$,
        $sql$('POST', '/x', '', sha256('1'), 201, '{}')$sql$,
        $sql$('POST', '/x', 'ä', sha256('1'), 201, '{}')$sql$,
        $sql$('POST', '/x', E'a\nb', sha256('1'), 201, '{}')$sql$,
        $sql$('POST', '/x', repeat('k', 256), sha256('1'), 201, '{}')$sql$,
        $sql$('POST', '/x', 'k', 'short', 201, '{}')$sql$,
        $sql$('POST', '/x', 'k', sha256('1'), 409, '{}')$sql$
    ]
    loop
        begin
            execute 'insert into idempotency_keys (method, path, key, fingerprint, status, body) values ' || wrong;
            assert false, 'was accepted: ' || wrong;
        exception when check_violation then null;
        end;
    end loop;
end
$$;

-- An organization goes with its answers.
delete from organizations where id = '00000000-0000-7000-8000-00000000000a';
do $$
begin
    assert (select count(*) from idempotency_keys) = 0, 'answers of a deleted organization';
end
$$;
