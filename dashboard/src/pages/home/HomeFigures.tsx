import { useMay } from '@/session/session';
import { compact, count, many, milliseconds, NOTHING, share } from '@/ui/format';
import { Figure, Figures } from '@/ui/Figure';
import { type Range, rangeSearch } from '@/ui/range';
import { failing } from '@/ui/usage/totals';
import { When } from '@/ui/When';
import { useGrowth, useTraffic, useWork } from './useHome';

/** The figures of the day. Each leads to where it can be understood. */
export function HomeFigures({ range }: { range: Range }) {
  const may = useMay();
  const usage = useTraffic(range);
  const growth = useGrowth(range);
  const work = useWork(range);
  const total = usage.data?.total;
  // What is over, beside as much of the period before.
  const compared = usage.data?.compared;
  const previous = usage.data?.previous;
  const search = rangeSearch(range);
  const fails = failing(total);
  const failed = failing(previous);
  const first = total && previous?.requests === 0 && total.requests > 0 ? 'no requests in the period before' : undefined;
  const operations = work.data?.operations;
  const jobs = work.data?.jobs;
  const previousWork = work.data?.previous;
  return (
    <Figures>
      {may('customers:read') && (
        <Figure label="Customers" value={count(growth.data?.total)} now={growth.data?.total} before={growth.data?.previous.total} more="good" to="/customers" />
      )}
      {may('usage:read') && (
        <>
          <Figure label="Requests" value={compact(total?.requests)} now={compared?.requests} before={previous?.requests} to="/usage" search={search} />
          <Figure label="Refused or failed" value={share(fails)} now={failing(compared)} before={failed} more="bad" note={first} to="/usage" search={{ ...search, by: 'outcome' }} />
          <Figure
            label="Response time, p95"
            value={milliseconds(total?.p95_response_time_ms)}
            now={compared?.p95_response_time_ms}
            before={previous?.p95_response_time_ms}
            more="bad"
            note={first}
            to="/usage"
            search={{ ...search, by: 'route' }}
          />
        </>
      )}
      {may('customers:read') && (
        <Figure
          label="Operations under way"
          value={operations ? count(operations.running + operations.queued) : NOTHING}
          now={operations && operations.running + operations.queued}
          before={previousWork?.operations.under_way}
          note={operations && (operations.dead > 0 ? <span data-tone="bad">{operations.dead} given up</span> : 'none given up')}
          to="/operations"
          search={operations && operations.dead > 0 ? { status: 'dead' } : undefined}
        />
      )}
      {may('jobs:read') && (
        <Figure
          label="Dead jobs"
          value={count(jobs?.dead)}
          now={jobs?.dead}
          before={previousWork?.jobs?.dead}
          more="bad"
          note={
            jobs?.oldest_waiting_at ? (
              <>
                oldest due <When at={jobs.oldest_waiting_at} />
              </>
            ) : (
              jobs && `${many(jobs.running, 'runs', 'run')}, none is late`
            )
          }
          to="/operations"
          search={{ tab: 'jobs', status: 'dead' }}
        />
      )}
    </Figures>
  );
}
