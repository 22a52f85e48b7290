import { queries } from '@/api/client';
import { whyNoPasskeys } from './passkeys';

/** How one signs in here. */
export function useWays() {
  return queries.useQuery('get', '/api/admin/session/ways', {}, { refetchInterval: false }).data;
}

/** Why passkeys can't be used on this page; null when they can. */
export function useWhyNoPasskeys(): string | null {
  const ways = useWays();
  return whyNoPasskeys(ways && (ways.passkeys?.origin ?? null));
}
