import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useSessionChange } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { type Column, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { NOTHING } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Loaded } from '@/ui/Loaded';
import { Status } from '@/ui/Status';
import { useNow } from '@/ui/useNow';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import { programOf } from '../account/program';
import classes from '../Settings.module.css';

type Session = Schema<'OperatorSessionView'>;
type Token = Schema<'TokenView'>;

/** Where an operator is signed in and which programs act for them, each to be ended by itself. */
export function OperatorAccess({ operator: { id, name } }: { operator: Schema<'OperatorView'> }) {
  const sessions = queries.useQuery('get', '/api/admin/operators/{id}/sessions', { params: { path: { id } } });
  return (
    <>
      <section aria-label={`Sessions of ${name}`}>
        <h3 className={classes.part}>Sessions</h3>
        <Loaded query={sessions} lines={2}>
          {({ data }) => <Sessions operator={id} name={name} rows={data} />}
        </Loaded>
      </section>
      <section aria-label={`API tokens of ${name}`}>
        <h3 className={classes.part}>API tokens</h3>
        <Tokens operator={id} name={name} />
      </section>
    </>
  );
}

type Whose = { operator: string; name: string };

const useRefresh = () => {
  const client = useQueryClient();
  return () => askAgain(client, /\/operators/);
};

function Sessions({ operator, name, rows }: Whose & { rows: readonly Session[] }) {
  const refresh = useRefresh();
  const { ended } = useSessionChange();
  const end = (session: Session) =>
    confirm({
      title: session.is_this_one ? 'End the session you are in' : `End a session of ${name}`,
      consequences: [session.is_this_one ? 'You are signed out here.' : `Whoever uses ${programOf(session.user_agent)} is signed out at once.`, 'They can sign in again.'],
      act: 'End the session',
      run: async () => {
        await taken(api.DELETE('/api/admin/operators/{id}/sessions/{session_id}', { params: { path: { id: operator, session_id: session.id } } }));
        if (session.is_this_one) ended();
        else await refresh();
      },
    });
  const columns: Column<Session>[] = [
    {
      id: 'program',
      header: 'Program',
      cell: (row) => (
        <>
          <span title={row.user_agent ?? undefined}>{programOf(row.user_agent)}</span>
          {row.is_this_one && ' (this one)'}
          <span className={classes.sub}>
            <code>{row.ip_address ?? NOTHING}</code>
          </span>
        </>
      ),
    },
    { id: 'used', header: 'Last used', cell: (row) => <When at={row.last_used_at} /> },
    {
      id: 'act',
      header: 'Act',
      align: 'end',
      cell: (row) => (
        <Button size="compact-xs" variant="default" onClick={() => end(row)} aria-label={`End the session of ${programOf(row.user_agent)}`}>
          End
        </Button>
      ),
    },
  ];
  return <DataTable label={`List of sessions of ${name}`} columns={columns} rows={rows} rowKey={(row) => row.id} empty={<Empty title="Signed in nowhere">Each session ends after twelve hours, or an hour without a request.</Empty>} />;
}

function Tokens({ operator, name }: Whose) {
  const refresh = useRefresh();
  // The address names a page of the operators, too.
  const pages = usePages(operator, 'tokens');
  const query = queries.useQuery('get', '/api/admin/operators/{id}/tokens', { params: { path: { id: operator }, query: { limit: 50, cursor: pages.cursor } } });
  const now = useNow();
  const isActive = (token: Token) => !token.revoked_at && Date.parse(token.expires_at) > now;
  const revoke = (token: Token) =>
    confirm({
      title: `Revoke the token ${token.name} of ${name}`,
      consequences: ['Programs that use it are refused from now on, for good.'],
      act: 'Revoke',
      run: async () => {
        await taken(api.POST('/api/admin/operators/{id}/tokens/{token_id}/revoke', { params: { path: { id: operator, token_id: token.id } } }));
        await refresh();
      },
    });
  const columns: Column<Token>[] = [
    {
      id: 'name',
      header: 'Token',
      cell: (row) => (
        <>
          <span title={row.permissions.join(', ')}>{row.name}</span>
          <span className={classes.sub}>
            <code>{row.prefix}…</code>
          </span>
        </>
      ),
    },
    { id: 'state', header: 'State', cell: (row) => <Status value={row.revoked_at ? 'revoked' : isActive(row) ? 'active' : 'expired'} /> },
    { id: 'used', header: 'Last used', cell: (row) => <When at={row.last_used_at} empty="Never" /> },
    {
      id: 'act',
      header: 'Act',
      align: 'end',
      cell: (row) =>
        isActive(row) && (
          <Button size="compact-xs" variant="default" onClick={() => revoke(row)} aria-label={`Revoke ${row.name}`}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <ListingTable
      label={`List of API tokens of ${name}`}
      noun="token"
      columns={columns}
      query={query}
      pages={pages}
      rowKey={(row) => row.id}
      empty={<Empty title="No token">Nobody’s program acts for them.</Empty>}
    />
  );
}
