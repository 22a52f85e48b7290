import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { count, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import type { Range } from '@/ui/range';
import classes from './Adoption.module.css';
import { useAdoption, useGrowth } from './useHome';

/** How many customers have which module. */
export function Adoption({ range }: { range: Range }) {
  const modules = useAdoption(range);
  const all = useGrowth(range).data?.total;
  return (
    <Panel title="Modules" note="How many customers have them on, and the change in this span" flush>
      <Loaded query={modules} lines={10}>
        {({ data }) => (
          <table className={classes.modules}>
            <thead>
              <tr>
                <th scope="col">Module</th>
                <th scope="col" colSpan={2}>
                  Customers
                </th>
                <th scope="col">Change</th>
                <th scope="col">Overrides</th>
              </tr>
            </thead>
            <tbody>
              {data.map((module) => (
                <tr key={module.module_key}>
                  <th scope="row">
                    <Anchor component={Link} to="/customers" search={{ module: module.module_key } as never} inherit c="var(--ink)">
                      {module.module_name}
                    </Anchor>
                  </th>
                  <td className={classes.bar}>
                    {all !== undefined && (
                      <meter min={0} max={Math.max(1, all)} value={module.customers} aria-label={`Share of customers with ${module.module_name}`}>
                        {share(module.customers / Math.max(1, all))}
                      </meter>
                    )}
                  </td>
                  <td>{count(module.customers)}</td>
                  <td>{change(module.customers - module.previous_customers)}</td>
                  <td className={classes.quiet}>{module.overrides === 0 ? '–' : count(module.overrides)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Panel>
  );
}

const change = (by: number) => (by === 0 ? '=' : `${by > 0 ? '+' : '−'}${count(Math.abs(by))}`);
