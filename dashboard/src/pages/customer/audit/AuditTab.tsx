import { Select } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { ACTION_GROUPS } from '@/ui/audit/actions';
import { ExportMenu } from '@/ui/audit/ExportMenu';
import { Empty } from '@/ui/Empty';
import { ListingPages, ListingStatus } from '@/ui/ListingTable';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { shownPage } from '@/ui/shownPage';
import { Stale } from '@/ui/Stale';
import { usePages } from '@/ui/usePages';
import { type Customer, nameOf } from '../customer';
import type { CustomerSearch } from '../search';
import { LinkedRow } from './LinkedRow';
import { Rows } from './Rows';

/** Who did what to this customer, with the values before and after. */
export default function AuditTab({ customer }: { customer: Customer }) {
  const { action, entry } = useSearch({ strict: false }) as CustomerSearch;
  const navigate = useNavigate();
  const pages = usePages(action ?? '');
  const filter = { customer: nameOf(customer), action };
  const query = queries.useQuery('get', '/api/admin/audit-logs', { params: { query: { ...filter, limit: 25, cursor: pages.cursor } } });
  const change = (changes: Pick<CustomerSearch, 'action' | 'entry'>, replace = false) =>
    void navigate({ to: '.', search: ((before: CustomerSearch) => ({ ...before, ...changes })) as never, replace, resetScroll: false });
  // No step back opens what was closed.
  const close = () => change({ entry: undefined }, true);
  const toggle = (id: string) => (id === entry ? close() : change({ entry: id }));
  const isElsewhere = entry !== undefined && query.data !== undefined && !query.data.data.some(({ id }) => id === entry);
  return (
    <Panel
      title="Audit log"
      note="Of this customer, the newest first"
      flush
      actions={
        <>
          <Select
            size="xs"
            aria-label="Only this action"
            placeholder="Every action"
            clearable
            searchable
            data={ACTIONS}
            value={action ?? null}
            onChange={(value) => change({ action: value ?? undefined, entry: undefined })}
          />
          <ExportMenu query={filter} />
        </>
      }
    >
      <ListingStatus query={query} pages={pages} noun="row" />
      {isElsewhere && <LinkedRow id={entry} customer={customer} close={close} />}
      <Loaded query={shownPage(query)} lines={8}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={action ? 'Nothing of this kind was done' : 'Nothing was done yet'}>Whatever an operator or the system does stands here at once.</Empty>
          ) : (
            <>
              <Stale when={query.isPlaceholderData}>
                <Rows label="Audit rows" rows={data} opened={entry} toggle={toggle} />
              </Stale>
              <ListingPages query={query} pages={pages} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

// What concerns the operators themselves is in no customer's log.
const ACTIONS = ACTION_GROUPS.filter(({ group }) => group !== 'Operators');
