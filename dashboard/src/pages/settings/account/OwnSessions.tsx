import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useSessionChange } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { type Column, DataTable } from '@/ui/DataTable';
import { NOTHING } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { complain } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import { programOf } from './program';

type Session = Schema<'OperatorSessionView'>;

/** Where the operator is signed in. */
export function OwnSessions() {
  const client = useQueryClient();
  const { ended } = useSessionChange();
  const query = queries.useQuery('get', '/api/admin/sessions');
  const end = async (session: Session) => {
    await taken(api.DELETE('/api/admin/sessions/{id}', { params: { path: { id: session.id } } }));
    if (session.is_this_one) ended();
    else await client.invalidateQueries({ queryKey: ['get', '/api/admin/sessions'] });
  };
  const ask = (session: Session) => {
    if (!session.is_this_one) return void end(session).catch(complain);
    confirm({ title: 'End the session you are in', consequences: ['You are signed out here.'], act: 'Sign out', run: () => end(session) });
  };
  const columns: Column<Session>[] = [
    { id: 'program', header: 'Program', cell: (row) => <span title={row.user_agent ?? undefined}>{programOf(row.user_agent)}</span> },
    { id: 'from', header: 'From', cell: (row) => <code>{row.ip_address ?? NOTHING}</code>, wide: true },
    { id: 'state', header: 'State', cell: (row) => (row.is_this_one ? <Status value="active" label="This one" /> : <Status value="queued" tone="quiet" label="Open" />) },
    { id: 'began', header: 'Signed in', cell: (row) => <When at={row.created_at} />, wide: true },
    { id: 'used', header: 'Last used', cell: (row) => <When at={row.last_used_at} /> },
    { id: 'ends', header: 'Ends', cell: (row) => <When at={row.expires_at} />, wide: true },
    {
      id: 'act',
      header: 'Act',
      align: 'end',
      cell: (row) => (
        <Button size="compact-xs" variant="default" onClick={() => ask(row)} aria-label={`End the session of ${programOf(row.user_agent)}`}>
          End
        </Button>
      ),
    },
  ];
  return (
    <Panel title="Your sessions" note="Each ends after twelve hours, or an hour without a request" flush>
      <Loaded query={query}>{({ data }) => <DataTable label="List of your sessions" columns={columns} rows={data} rowKey={(row) => row.id} />}</Loaded>
    </Panel>
  );
}
