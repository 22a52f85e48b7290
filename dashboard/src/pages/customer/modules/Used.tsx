import { count } from '@/ui/format';
import classes from './Modules.module.css';
import type { Held } from './useModules';

/** How many requests used a module, and of how many that may. */
export function Used({ module, unit = false }: { module: Held; unit?: boolean }) {
  const { usage_count: used, usage_limit: limit, reset_date: resets } = module;
  return (
    <>
      {count(used)}
      {limit != null && ` of ${count(limit)}`}
      {unit && ' requests'}
      {limit != null && <span className={classes.note}>{resets ? 'per month' : 'in all'}</span>}
    </>
  );
}
