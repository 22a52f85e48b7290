import { priceAMonth } from '@/ui/money';
import type { Held } from './useModules';

/** What the modules that are on cost a month by the price list; null unless each of them has its price there. */
export function listPriceOf(modules: readonly Pick<Held, 'enabled' | 'listed'>[]): string | null {
  const on = modules.filter(({ enabled }) => enabled);
  const listed = on.flatMap(({ listed }) => listed ?? []);
  return listed.length === on.length ? priceAMonth(listed) : null;
}
