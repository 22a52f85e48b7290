import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useAddress } from '@/ui/address';
import { confirm } from '@/ui/confirm';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { Hint } from '@/ui/Hint';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { useNow } from '@/ui/useNow';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { NewToken } from './NewToken';

type Token = Schema<'TokenView'>;

/** The operator's API tokens, for programs that act for them. */
export function OwnTokens() {
  const client = useQueryClient();
  const now = useNow();
  const [{ new: isNew }, change] = useAddress('new');
  const pages = usePages('tokens');
  const query = queries.useQuery('get', '/api/admin/tokens', { params: { query: { limit: 50, cursor: pages.cursor } } });
  const revoke = (token: Token) =>
    confirm({
      title: `Revoke the token ${token.name}`,
      consequences: ['Programs that use it are refused from now on, for good.'],
      act: 'Revoke',
      run: async () => {
        await taken(api.POST('/api/admin/tokens/{id}/revoke', { params: { path: { id: token.id } } }));
        await client.invalidateQueries({ queryKey: ['get', '/api/admin/tokens'] });
      },
    });
  const columns: Column<Token>[] = [
    {
      id: 'name',
      header: 'Token',
      cell: (row) => (
        <>
          {row.name}
          <span className={classes.sub}>
            <code>{row.prefix}…</code>
          </span>
        </>
      ),
    },
    { id: 'state', header: 'State', cell: (row) => <Status value={stateOf(row, now)} /> },
    {
      id: 'may',
      header: 'May',
      cell: (row) => (
        <Hint label={row.permissions.join(', ')} wide>
          <span className={classes.wrap}>{row.permissions.length > 3 ? `${row.permissions.slice(0, 3).join(', ')} and ${row.permissions.length - 3} more` : row.permissions.join(', ')}</span>
        </Hint>
      ),
      wide: true,
    },
    { id: 'used', header: 'Last used', cell: (row) => <When at={row.last_used_at} empty="Never" />, wide: true },
    { id: 'ends', header: 'Ends', cell: (row) => <When at={row.revoked_at ?? row.expires_at} /> },
    {
      id: 'act',
      header: 'Act',
      align: 'end',
      cell: (row) =>
        stateOf(row, now) === 'active' && (
          <Button size="compact-xs" variant="default" onClick={() => revoke(row)} aria-label={`Revoke ${row.name}`}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <Panel title="Your API tokens" note="For programs; each may do what it names, as long as you may" flush actions={<Button onClick={() => change({ new: 'token' })}>New token</Button>}>
      <ListingTable
        label="List of your API tokens"
        noun="token"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(row) => row.id}
        empty={<Empty title="You have no token">A program that asks the operator API for you needs one. It ends by itself, and does no more than you let it.</Empty>}
      />
      <NewToken opened={isNew === 'token'} close={() => change({ new: null }, true)} />
    </Panel>
  );
}

const stateOf = (token: Token, now: number) => (token.revoked_at ? 'revoked' : Date.parse(token.expires_at) < now ? 'expired' : 'active');
