import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Columns, Stacked } from '@/ui/Columns';
import { Panel } from '@/ui/Panel';
import { rangeQuery, rangeSearch, useRange } from '@/ui/range';
import { RangePicker } from '@/ui/RangePicker';
import { type Customer, nameOf } from '../customer';
import { InNumbers } from './InNumbers';
import { OverTime } from './OverTime';
import { Parts } from './Parts';
import classes from './Usage.module.css';

/** What the customer used. */
export default function UsageTab({ customer }: { customer: Customer }) {
  const range = useRange('30d');
  const filter = { customer: nameOf(customer), ...rangeQuery(range) };
  // To the pages of usage goes what stands in this page's address.
  const shown = rangeSearch(range);
  return (
    <Stacked>
      <div className={classes.head}>
        <RangePicker range={range} />
        <Anchor component={Link} to="/usage" search={{ customer: filter.customer, ...shown } as never} size="sm">
          Open in usage, to compare and to see single requests
        </Anchor>
      </div>
      <InNumbers filter={filter} />
      <Columns aside={<Parts filter={filter} range={shown} parts={['status', 'outcome']} />}>
        <Panel title="Requests over time" note={range.label}>
          <OverTime filter={filter} />
        </Panel>
        <Parts filter={filter} range={shown} parts={['route', 'module', 'api_key']} />
      </Columns>
    </Stacked>
  );
}
