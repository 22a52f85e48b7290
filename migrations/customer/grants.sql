-- The rights of a customer's roles. Applied after every run of the migrations, as the owner role, who owns the database
-- too; safe to apply again. schema::customer_grants puts the quoted names of the roles in their places.
--
-- Begins by taking everything away, so that a right that was given by hand, or by an older version, does not stay.

do $sixty_grants$
begin
    execute format('revoke all on database %I from public', current_database());
end
$sixty_grants$;

revoke all on schema public from public;
revoke all on all tables in schema public from public;
revoke all on all sequences in schema public from public;
revoke all on all routines in schema public from public;
revoke all on all tables in schema public from :"app", :"readonly";
revoke all on all sequences in schema public from :"app", :"readonly";
revoke all on all routines in schema public from :"app", :"readonly";
revoke all on schema public from :"app", :"readonly";

do $sixty_grants$
begin
    execute format('revoke all on database %I from %s', current_database(), $roles$:"app", :"readonly"$roles$);
    execute format('grant connect on database %I to %s', current_database(), $roles$:"app", :"readonly"$roles$);
end
$sixty_grants$;

grant usage on schema public to :"app", :"readonly";
grant execute on all routines in schema public to :"app", :"readonly";
grant select, insert, update, delete on all tables in schema public to :"app";
grant usage on all sequences in schema public to :"app";
grant select on all tables in schema public to :"readonly";

-- The log can be added to and read.
revoke update, delete on audit_logs from :"app";

-- Which migrations were applied is the owner's business.
revoke all on schema_migrations from :"app", :"readonly";

-- What the owner makes later.
alter default privileges for role :"owner" revoke all on routines from public;
alter default privileges for role :"owner" in schema public
    grant select, insert, update, delete on tables to :"app";
alter default privileges for role :"owner" in schema public grant usage on sequences to :"app";
alter default privileges for role :"owner" in schema public grant select on tables to :"readonly";
alter default privileges for role :"owner" in schema public grant execute on routines to :"app", :"readonly";
