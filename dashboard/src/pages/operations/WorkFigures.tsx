import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { queries } from '@/api/client';
import { Figure, Figures } from '@/ui/Figure';
import { count } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { When } from '@/ui/When';
import classes from './Operations.module.css';

/** What died, what waits and what runs; each leads to the list of it. */
export function WorkFigures() {
  const query = queries.useQuery('get', '/api/admin/statistics/work', {}, { refetchInterval: 15_000 });
  return (
    <Loaded query={query} lines={2}>
      {({ operations, jobs, ended, ended_previous }) => (
        <Figures>
          <Figure label="Dead operations" value={<To status="dead" value={operations.dead} bad />} note={operations.dead > 0 ? 'wait for somebody to look' : 'none'} />
          <Figure label="Operations running" value={<To status="running" value={operations.running} />} />
          <Figure label="Operations waiting" value={<To status="queued" value={operations.queued} />} note={<Late since={operations.oldest_waiting_at} />} />
          <Figure label="Done in 30 days" value={<To status="succeeded" value={ended.operations.succeeded} />} now={ended.operations.succeeded} before={ended_previous.operations.succeeded} />
          <Figure label="Failed in 30 days" value={<To status="failed" value={ended.operations.failed} />} now={ended.operations.failed} before={ended_previous.operations.failed} more="bad" />
          {jobs && <Figure label="Dead jobs" value={<To tab="jobs" status="dead" value={jobs.dead} bad />} note={jobs.dead > 0 ? 'wait for somebody to look' : 'none'} />}
          {jobs && <Figure label="Jobs running" value={<To tab="jobs" status="running" value={jobs.running} />} />}
          {jobs && (
            <Figure
              label="Jobs waiting"
              value={<To tab="jobs" status="queued" value={jobs.queued} />}
              note={<Late since={jobs.oldest_waiting_at} />}
            />
          )}
        </Figures>
      )}
    </Loaded>
  );
}

/** Since when the oldest that is due waits to be taken up. */
function Late({ since }: { since: string | null }) {
  if (!since) return <>none is late</>;
  return (
    <>
      the oldest since <When at={since} />
    </>
  );
}

function To({ tab, status, value, bad = false }: { tab?: string; status: string; value: number; bad?: boolean }): ReactNode {
  return (
    <Link to="/operations" search={{ tab, status } as never} className={classes.figure} data-tone={bad && value > 0 ? 'bad' : undefined}>
      {count(value)}
    </Link>
  );
}
