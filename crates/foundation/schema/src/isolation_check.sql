with me as (
    select oid, rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
    from pg_catalog.pg_roles where rolname = current_user
),
ours as (
    select class.oid, class.relname, class.relkind, class.relowner, class.relrowsecurity, class.relforcerowsecurity,
        class.reloptions, class.oid::regclass::text as name
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where namespace.nspname not in ('pg_catalog', 'information_schema')
        and namespace.nspname !~ '^pg_(toast|temp)'
        and class.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
),
walled as (
    select * from ours
    where relkind in ('r', 'p')
        and exists (
            select from pg_catalog.pg_attribute
            where attrelid = ours.oid and attname = 'org_id' and not attisdropped
        )
)
select 'the role ' || rolname || ' is a superuser' as fault from me where rolsuper
union all
select 'the role ' || rolname || ' has BYPASSRLS' from me where rolbypassrls
union all
select 'the role ' || rolname || ' has CREATEROLE' from me where rolcreaterole
union all
select 'the role ' || rolname || ' has CREATEDB' from me where rolcreatedb
union all
select 'the role ' || rolname || ' has REPLICATION' from me where rolreplication
union all
select 'the session began as another role, ' || session_user where session_user <> current_user
union all
select 'the role ' || me.rolname || ' is a member of ' || other.rolname
from me
join pg_catalog.pg_roles as other on other.oid <> me.oid and pg_has_role(me.oid, other.oid, 'member')
where not me.rolsuper
union all
select 'the role ' || me.rolname || ' owns ' || ours.name from me join ours on ours.relowner = me.oid
union all
select 'the role ' || me.rolname || ' owns the database'
from me join pg_catalog.pg_database on datname = current_database() and datdba = me.oid
union all
select 'the role ' || me.rolname || ' may create things in the schema ' || nspname
from me join pg_catalog.pg_namespace
    on nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(me.oid, pg_namespace.oid, 'CREATE')
where not me.rolsuper
union all
select 'PUBLIC may connect to the database ' || current_database()
where has_database_privilege('public', current_database(), 'CONNECT')
union all
select 'row-level security is not enabled on ' || name from walled where not relrowsecurity
union all
select 'row-level security is not forced on ' || name from walled where not relforcerowsecurity
union all
select name || ' has ' || count(policy.oid) || ' policies instead of one'
from walled left join pg_catalog.pg_policy as policy on policy.polrelid = walled.oid
group by name having count(policy.oid) <> 1
union all
select 'the role ' || me.rolname || ' may ' || privilege || ' ' || walled.name || ', which no policy sees'
from me, walled, unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
where not me.rolsuper and has_table_privilege(me.oid, walled.oid, privilege)
union all
select 'the view ' || name || ' runs with its owner''s rights'
from ours
where relkind = 'v' and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)
union all
select 'the materialized view ' || name || ' has no row-level security' from ours where relkind = 'm'
union all
select 'the function ' || proc.oid::regprocedure || ' runs with its owner''s rights'
from pg_catalog.pg_proc as proc
join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
where proc.prosecdef and namespace.nspname not in ('pg_catalog', 'information_schema')
