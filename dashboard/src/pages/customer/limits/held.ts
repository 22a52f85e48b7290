import type { Schema } from '@/api/client';
import type { GeneralLimit, Limit } from '@/ui/limits/limit';

/** What holds on a route, or over all of them. */
export type Held = {
  /** By method and path; null is over all routes. */
  route: string | null;
  /** What was set for the customer. */
  own: Limit | undefined;
  /** What holds for everybody; null is no limit. */
  general: GeneralLimit | null;
};

/** The limit over all routes first, then route by route: what was set for the customer, and what holds for everybody. */
export function heldOf(own: readonly Limit[], settings: Pick<Schema<'LimitSettings'>, 'customer' | 'routes'>): Held[] {
  const general = new Map<string | null, GeneralLimit | null>([
    [null, settings.customer ?? null],
    ...settings.routes.map((limit): [string, GeneralLimit] => [limit.route, limit]),
  ]);
  const routes = new Set([...general.keys(), ...own.map(({ route }) => route)]);
  return [...routes]
    .sort((one, other) => (one ?? '').localeCompare(other ?? ''))
    .map((route) => ({ route, own: own.find((limit) => limit.route === route), general: general.get(route) ?? null }));
}
