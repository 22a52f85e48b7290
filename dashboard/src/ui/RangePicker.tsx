import { Button } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { between } from './format';
import { MenuButton } from './MenuButton';
import { part } from './part';
import type { Range, RangeSearch } from './range';

/** The spans that can be chosen. */
export const RangeMenu = part(() => import('./RangeMenu'));

/** Chooses the span that a page shows. It stands in the page's address. */
export function RangePicker({ range }: { range: Range & { change: (range: RangeSearch) => void } }) {
  const label = range.name ? range.label : between(range.from, range.until);
  return (
    <MenuButton
      button={Button}
      buttonProps={{ variant: 'default', rightSection: <IconChevronDown size={14} />, 'aria-label': `Time range: ${label}`, children: label }}
      width={260}
      hasFields
      content={(close) => <RangeMenu range={range} close={close} />}
    />
  );
}
