import { useNavigate } from '@tanstack/react-router';
import { lengthOf } from './chart-data';

/** Where a point of a chart leads: to the single requests of its time, narrowed to whom the chart is about. */
export function useShowRequests(at: readonly string[], filter: { customer?: string; api_key_id?: string } = {}, seconds?: number) {
  const navigate = useNavigate();
  const onChoose = (first: number, last: number) => {
    const from = new Date(at[first]!).toISOString();
    const until = new Date(Date.parse(at[last]!) + lengthOf(at, seconds) * 1000).toISOString();
    void navigate({ to: '/usage', search: { ...filter, from, until } as never, hash: 'requests' });
  };
  return { onChoose, chooses: 'show these requests' };
}
