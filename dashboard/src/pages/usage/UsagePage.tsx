import { refusedFields } from '@/api/refusal';
import { FILTER_NAMES } from '@/api/usageGroups';
import { PageHeader } from '@/ui/PageHeader';
import { Guard } from '@/ui/Guard';
import { Panel } from '@/ui/Panel';
import { RangePicker } from '@/ui/RangePicker';
import { RefusedFilter } from '@/ui/RefusedFilter';
import { UsageFigures } from '@/ui/usage/UsageFigures';
import { Breakdown } from './Breakdown';
import { Chips } from './Chips';
import { Movers } from './Movers';
import { Requests } from './Requests';
import classes from './Usage.module.css';
import { type Usage, useSeries, useSums, useUsage } from './useUsage';

/** Who asked for what, how often, and how fast it was answered: from a year down to the single request. */
export function UsagePage() {
  const usage = useUsage();
  const refused = refusedFields(useSeries(usage).error, FILTER_NAMES);
  return (
    <>
      <PageHeader title="Usage" note="Requests to the customers’ API, as they were answered" actions={<RangePicker range={usage.range} />} />
      <div className={classes.page}>
        <Guard>
          <Chips usage={usage} refused={refused} />
        </Guard>
        {refused ? (
          <Panel flush>
            <RefusedFilter />
          </Panel>
        ) : (
          <>
            <Guard>
              <InNumbers usage={usage} />
            </Guard>
            <Breakdown usage={usage} />
            <Movers usage={usage} />
            <Requests usage={usage} />
          </>
        )}
      </div>
    </>
  );
}

function InNumbers({ usage }: { usage: Usage }) {
  const { data } = useSums(usage);
  return <UsageFigures now={data?.total} compared={data?.compared} before={data?.previous} />;
}
