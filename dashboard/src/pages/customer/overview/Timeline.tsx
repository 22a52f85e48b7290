import { SegmentedControl } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { zone } from '@/ui/format';
import { ListingPages, ListingStatus } from '@/ui/ListingTable';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { shownPage } from '@/ui/shownPage';
import { Stale } from '@/ui/Stale';
import { usePages } from '@/ui/usePages';
import { type CustomerKey, pathOf } from '../customer';
import type { CustomerSearch } from '../search';
import { Days } from './Days';

const KINDS = [
  { value: '', label: 'Everything' },
  { value: 'audit', label: 'Changes' },
  { value: 'operation', label: 'Operations' },
  { value: 'backup', label: 'Backups' },
] as const;
type Kind = Exclude<(typeof KINDS)[number]['value'], ''>;

/** Everything that happened to the customer, the newest first. */
export function Timeline({ customer, isGone = false }: { customer: CustomerKey; isGone?: boolean }) {
  const { kind: asked } = useSearch({ strict: false }) as CustomerSearch;
  const navigate = useNavigate();
  const mayBackups = useMay()('backups:read');
  const kind = KINDS.find(({ value }) => value !== '' && value === asked)?.value as Kind | undefined;
  const pages = usePages(kind ?? '');
  const query = queries.useQuery('get', '/api/admin/customers/{customer}/timeline', {
    params: { ...pathOf(customer), query: { kind, limit: 30, cursor: pages.cursor } },
  });
  const choose = (value: string) =>
    void navigate({ to: '.', search: ((before: CustomerSearch) => ({ ...before, kind: value || undefined })) as never, resetScroll: false });
  return (
    <Panel
      title="Timeline"
      note={`The newest first; hours in ${zone}`}
      flush
      actions={<SegmentedControl size="xs" aria-label="What the timeline shows" data={KINDS.filter(({ value }) => value !== 'backup' || mayBackups)} value={kind ?? ''} onChange={choose} />}
    >
      <ListingStatus query={query} pages={pages} noun="event" />
      <Loaded query={shownPage(query)} lines={8}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing of this kind has happened yet">What is changed, done or backed up stands here within a second.</Empty>
          ) : (
            <>
              <Stale when={query.isPlaceholderData}>
                <Days entries={data} customer={isGone ? undefined : customer} />
              </Stale>
              <ListingPages query={query} pages={pages} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
