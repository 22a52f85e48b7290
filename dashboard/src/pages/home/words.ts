import { span } from '@/ui/format';
import type { Range } from '@/ui/range';

/** How long the range is, as in "the 24 hours before". */
export function beforeRange({ seconds }: Pick<Range, 'seconds'>): string {
  const hours = seconds / 3600;
  if (hours === 1) return 'hour';
  if (hours === 24 * 365) return 'year';
  if (hours <= 48 && Number.isInteger(hours)) return `${hours} hours`;
  if (Number.isInteger(hours / 24)) return `${hours / 24} days`;
  return span(seconds);
}
