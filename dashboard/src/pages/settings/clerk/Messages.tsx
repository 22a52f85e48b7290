import { Anchor, Button, Select } from '@mantine/core';
import { Fragment } from 'react';
import { queries, type Schema } from '@/api/client';
import { useAddress } from '@/ui/address';
import type { Column } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { Filters } from '@/ui/Filters';
import { words } from '@/ui/format';
import { ListingTable } from '@/ui/ListingTable';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { usePages } from '@/ui/usePages';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { MessageDrawer } from './MessageDrawer';

/** Where a message's name may be broken on a phone: organization.updated, organizationMembership.created. */
const partsOf = (type: string) => type.split(/(?<=\.)|(?=[A-Z])/);

const STATUSES = ['failed', 'waiting', 'processed', 'ignored'];

/** Clerk's webhook messages, with what became of each. */
export function Messages() {
  const [{ status, message }, change] = useAddress('status', 'message');
  const pages = usePages(String(status));
  const query = queries.useQuery('get', '/api/admin/clerk/messages', { params: { query: { status, cursor: pages.cursor, limit: 25 } } });
  const columns: Column<Schema<'MessageView'>>[] = [
    {
      id: 'type',
      header: 'Message',
      cell: (row) => (
        <Anchor component="button" type="button" inherit className={classes.breaks} onClick={() => change({ message: row.id })}>
          {partsOf(row.type).map((part, place) => (
            <Fragment key={place}>
              {place > 0 && <wbr />}
              {part}
            </Fragment>
          ))}
        </Anchor>
      ),
    },
    { id: 'status', header: 'Status', cell: (row) => <Status value={row.status} /> },
    { id: 'detail', header: 'Waits for, or why nothing was done', cell: (row) => <span className={classes.wrap}>{row.detail ?? ''}</span>, wide: true },
    { id: 'attempts', header: 'Attempts', align: 'end', cell: (row) => row.attempts, wide: true },
    { id: 'occurred', header: 'Happened', cell: (row) => <When at={row.occurred_at} /> },
    { id: 'came', header: 'Came', cell: (row) => <When at={row.created_at} />, wide: true },
  ];
  return (
    <Panel title="Webhook messages" note="The newest first; kept for 30 days" flush>
      <Filters label="Filter the messages">
        <Select
          size="xs"
          label="Status"
          placeholder="Any"
          clearable
          clearButtonProps={{ 'aria-label': 'Any status' }}
          data={STATUSES.map((value) => ({ value, label: words(value) }))}
          value={status ?? null}
          onChange={(value) => change({ status: value })}
        />
        {status && (
          <Button variant="subtle" onClick={() => change({ status: null })}>
            Show all
          </Button>
        )}
      </Filters>
      <ListingTable
        label="List of messages"
        noun="message"
        columns={columns}
        query={query}
        pages={pages}
        rowKey={(row) => row.id}
        onOpen={(row) => change({ message: row.id })}
        empty={
          status ? (
            <Empty title={`No message is ${status}`}>Show all to see what came.</Empty>
          ) : (
            <Empty title="Clerk told nothing yet">At Clerk, make a webhook to /api/webhooks/clerk with organizations, memberships and users, and give the servers its signing secret.</Empty>
          )
        }
      />
      <MessageDrawer id={message} close={() => change({ message: null }, true)} />
    </Panel>
  );
}
