import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { answerBefore } from '@/api/answerBefore';
import { queries } from '@/api/client';
import { useLastAnswer } from '@/api/lastAnswer';
import { FILTER_NAMES } from '@/api/usageGroups';
import { count, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { narrowed } from './search';
import classes from './Movers.module.css';
import type { Usage } from './useUsage';

const BY = { customer: 'Customers', api_key: 'Keys', route: 'Routes' } as const;
const SHOWN = 6;

/** Whose requests became more or fewer than in the period before. */
export function Movers({ usage }: { usage: Usage }) {
  return (
    <Panel title="Top movers" note={FILTER_NAMES.some((name) => usage.filter[name] !== undefined) ? 'Requests against the period before, as filtered above' : 'Requests against the period before, of all customers'} flush>
      <div className={classes.movers}>
        {(Object.keys(BY) as (keyof typeof BY)[]).map((by) => (
          <Moved key={by} by={by} usage={usage} />
        ))}
      </div>
    </Panel>
  );
}

function Moved({ by, usage }: { by: keyof typeof BY; usage: Usage }) {
  const asked = { ...usage.query, by };
  const movers = useLastAnswer(
    asked,
    queries.useQuery('get', '/api/admin/usage/movers', { params: { query: asked } }, { placeholderData: answerBefore(asked) }),
  );
  return (
    <section className={classes.moved}>
      <h3>{BY[by]}</h3>
      <Loaded query={movers} lines={4}>
        {({ data }) =>
          data.length === 0 ? (
            <p className={classes.quiet}>Nothing moved in this span.</p>
          ) : (
            <ol>
              {data.slice(0, SHOWN).map((row) => {
                const to = narrowed(by, row.key);
                return (
                  <li key={row.key}>
                    {to ? (
                      <Anchor component={Link} to="." search={to as never} inherit className={classes.label}>
                        {row.label}
                      </Anchor>
                    ) : (
                      <span className={classes.label}>{row.label}</span>
                    )}
                    <span className={classes.change} data-up={row.change > 0 || undefined}>
                      {row.change > 0 ? '+' : '−'}
                      {count(Math.abs(row.change))}
                    </span>
                    <span className={classes.quiet}>{row.previous_requests === 0 ? 'new' : share(Math.abs(row.change) / row.previous_requests)}</span>
                  </li>
                );
              })}
            </ol>
          )
        }
      </Loaded>
    </section>
  );
}
