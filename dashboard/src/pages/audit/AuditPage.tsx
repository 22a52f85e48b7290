import { Button } from '@mantine/core';
import { queries } from '@/api/client';
import { refusedFields } from '@/api/refusal';
import { PageHeader } from '@/ui/PageHeader';
import { Guard } from '@/ui/Guard';
import { Panel } from '@/ui/Panel';
import { RangePicker } from '@/ui/RangePicker';
import { usePages } from '@/ui/usePages';
import { AuditFilters } from './AuditFilters';
import { AuditTable } from './AuditTable';
import { ChainProof } from './ChainProof';
import { EntryDrawer } from './EntryDrawer';
import { ExportMenu } from '@/ui/audit/ExportMenu';
import { useAuditFilter } from './useAuditFilter';

/** What was done, by whom, what it changed, and the proof that nobody changed the record of it. */
export function AuditPage() {
  const filter = useAuditFilter();
  const { query, fields, change, range } = filter;
  const pages = usePages(JSON.stringify([filter.chosen, range.name ?? [range.from, range.until]]));
  const found = queries.useQuery('get', '/api/admin/audit-logs', { params: { query: { ...query, cursor: pages.cursor, limit: 50 } } });
  const rows = found.data?.data;
  const refused = refusedFields(found.error, Object.keys(filter.chosen));
  return (
    <>
      <PageHeader
        title="Audit"
        note="Every change and every refusal, in chains that show when somebody tampers with them"
        actions={
          <>
            <RangePicker range={range} />
            <Button variant="default" onClick={() => change({ proof: 'shown' })}>
              Prove a chain
            </Button>
            <ExportMenu query={query} />
          </>
        }
      />
      <Panel title="What was done" note={`${range.label}, the newest first`} flush>
        <AuditFilters filter={filter} refused={refused} />
        <AuditTable found={found} pages={pages} isRefused={refused !== null} isFiltered={filter.isFiltered} hasWords={fields.q !== undefined} open={(entry) => change({ entry: entry.id })} />
      </Panel>
      <Guard>
        <ChainProof opened={fields.proof !== undefined} customer={fields.customer} close={() => change({ proof: null }, true)} />
        <EntryDrawer id={fields.entry} entry={rows?.find((row) => row.id === fields.entry)} prove={() => change({ entry: null, proof: 'shown' }, true)} close={() => change({ entry: null }, true)} />
      </Guard>
    </>
  );
}
