import type { Schema } from '@/api/client';
import type { Said } from '@/ui/ChangedMeanwhile';
import { count, exactTime } from '@/ui/format';
import { fromLocal, toLocal } from '@/ui/localTime';

/** What the form knows of a module. */
type Module = Pick<Schema<'CustomerModuleView'>, 'enabled' | 'source' | 'reason' | 'expires_at' | 'usage_limit' | 'reset_date'>;

/** What the form of a module holds, under the API's names. */
export type ModuleValues = { enabled: boolean; reason: string; expires_at: string; usage_limit: number | string; reset_date: string };

/** What is decided of a module is one thing: on or off, why, and until when. */
export const TOGETHER: (keyof ModuleValues)[][] = [['enabled', 'reason', 'expires_at']];

/** A module as it is. `turn` is what the form turns it to: what was decided the other way round has no reason for that, and no end. */
export function valuesOf(module: Module, turn = module.enabled): ModuleValues {
  const isDecided = module.source === 'override' && module.enabled === turn;
  return {
    enabled: turn,
    reason: isDecided ? (module.reason ?? '') : '',
    expires_at: isDecided ? toLocal(module.expires_at) : '',
    usage_limit: module.usage_limit ?? '',
    reset_date: toLocal(module.reset_date),
  };
}

/** What the fields are called, and what the module has there. */
export function wordsOf(module: Module, turn?: boolean): Record<keyof ModuleValues, Said> {
  const now = valuesOf(module, turn);
  return {
    enabled: ['On or off', now.enabled ? 'on' : 'off'],
    reason: ['Reason', now.reason],
    expires_at: ['Until', now.expires_at && exactTime(module.expires_at ?? '')],
    usage_limit: ['Limit', now.usage_limit === '' ? '' : count(module.usage_limit)],
    reset_date: ['Counted anew', now.reset_date && exactTime(module.reset_date ?? '')],
  };
}

/** The values as the API takes them. A moment that nobody wrote goes as it is: a field has no seconds. */
export function bodyOf(values: ModuleValues, module: Module, turn?: boolean): Schema<'ModuleBody'> {
  const now = valuesOf(module, turn);
  const until = values.expires_at !== '' && values.expires_at === now.expires_at ? module.expires_at : fromLocal(values.expires_at);
  return {
    enabled: values.enabled,
    reason: values.reason.trim() || null,
    expires_at: until ?? null,
    ...(values.usage_limit !== now.usage_limit && { usage_limit: values.usage_limit === '' ? null : Number(values.usage_limit) }),
    ...(values.reset_date !== now.reset_date && { reset_date: fromLocal(values.reset_date) }),
  };
}
