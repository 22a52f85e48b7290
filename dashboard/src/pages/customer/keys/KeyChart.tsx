import { useMemo } from 'react';
import { useUsageSeries } from '@/api/useUsageSeries';
import { Chart } from '@/ui/Chart';
import { Loaded } from '@/ui/Loaded';
import { type Range, rangeQuery } from '@/ui/range';
import { useShowRequests } from '@/ui/useShowRequests';

type KeyChartProps = { customer: string; id: string; range: Pick<Range, 'from' | 'until'> };

/** The requests made with a key over time, and those of them that failed. */
export function KeyChart({ customer, id, range }: KeyChartProps) {
  const asked = { customer, api_key_id: id, ...rangeQuery(range) };
  const query = useUsageSeries(asked);
  const points = query.data?.groups[0]?.points;
  const drawn = useMemo(() => {
    if (!points) return null;
    return {
      at: points.map((point) => point.at),
      series: [
        { key: 'answered', label: 'Answered', values: points.map((point) => point.requests - point.failed) },
        { key: 'failed', label: 'Failed', values: points.map((point) => point.failed), tone: 'bad' as const },
      ],
    };
  }, [points]);
  const chosen = useShowRequests(drawn?.at ?? [], { customer, api_key_id: id }, query.data?.interval_seconds);
  return <Loaded query={query}>{() => drawn && <Chart label="Requests with this key over time" kind="bars" stacked height={140} seconds={query.data?.interval_seconds} {...drawn} {...chosen} />}</Loaded>;
}
