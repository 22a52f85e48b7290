import { Radio, Stack } from '@mantine/core';
import { PLANS } from '@/api/plans';
import { words } from '@/ui/format';
import type { PriceList } from './usePriceList';

/** The plans, each with what it has beyond the smaller one. */
export function Plans({ list, plan, choose }: { list: PriceList; plan: string; choose: (plan: string) => void }) {
  return (
    <Radio.Group label="Plan" value={plan} onChange={choose}>
      <Stack gap={8} mt={6}>
        {PLANS.map((name, place) => (
          <Radio key={name} value={name} label={words(name)} description={contents(list, name, PLANS[place - 1])} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

function contents(list: PriceList, plan: string, smaller: string | undefined): string | undefined {
  const included = list.included(plan);
  const before = smaller === undefined ? [] : list.included(smaller);
  if (!included || !before || !list.modules) return undefined;
  const names = list.modules.filter(({ module_key: key }) => included.includes(key) && !before.includes(key)).map((module) => module.name);
  const more = names.join(', ');
  return smaller === undefined ? more : `All of ${words(smaller)}${more ? `, and ${more}` : ''}`;
}
