import { VisuallyHidden } from '@mantine/core';
import type { Schema } from '@/api/client';
import { words } from '@/ui/format';
import classes from './Plans.module.css';

type PlansProps = { plans: readonly { plan: string; modules: readonly string[] }[]; modules: readonly Schema<'FeatureModuleView'>[] };

/** Which plan includes which module. */
export function Plans({ plans, modules }: PlansProps) {
  return (
    <div className={classes.scroller} tabIndex={0} role="region" aria-label="Plans and their modules">
      <table className={classes.plans}>
        <thead>
          <tr>
            <th scope="col">Module</th>
            {plans.map(({ plan }) => (
              <th key={plan} scope="col">
                {words(plan)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {modules.map(({ module_key, name }) => (
            <tr key={module_key}>
              <th scope="row">{name}</th>
              {plans.map(({ plan, modules: includes }) => (
                <td key={plan}>
                  <span aria-hidden>{includes.includes(module_key) ? '●' : '·'}</span>
                  <VisuallyHidden>{includes.includes(module_key) ? 'included' : 'not included'}</VisuallyHidden>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
