import type { Schema } from '@/api/client';
import { words } from '@/ui/format';
import { Matrix } from '@/ui/Matrix';

type PlansProps = { plans: readonly { plan: string; modules: readonly string[] }[]; modules: readonly Schema<'FeatureModuleView'>[] };

/** Which plan includes which module. */
export function Plans({ plans, modules }: PlansProps) {
  const has = (module: string) => (plan: string) => plans.find((one) => one.plan === plan)?.modules.includes(module) ?? false;
  return (
    <Matrix
      label="Plans and their modules"
      head="Module"
      columns={plans.map(({ plan }) => ({ key: plan, name: words(plan) }))}
      groups={[{ rows: modules.map(({ module_key: key, name }) => ({ key, name, has: has(key) })) }]}
      yes="included"
      no="not included"
    />
  );
}
