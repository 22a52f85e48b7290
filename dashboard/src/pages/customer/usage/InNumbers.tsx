import { useUsageSeries } from '@/api/useUsageSeries';
import { AsOf } from '@/ui/AsOf';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { UsageFigures } from '@/ui/usage/UsageFigures';
import type { UsageFilter } from './filter';

/** The span in a few numbers, beside the one before. */
export function InNumbers({ filter }: { filter: UsageFilter }) {
  const query = useUsageSeries(filter);
  if (query.data) {
    return (
      <>
        <AsOf query={query} />
        <UsageFigures now={query.data.total} compared={query.data.compared} before={query.data.previous} />
      </>
    );
  }
  return (
    <Panel flush>
      <Loaded query={query}>{() => null}</Loaded>
    </Panel>
  );
}
