import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { queries } from '@/api/client';
import { Columns, Stacked } from '@/ui/Columns';
import { Panel } from '@/ui/Panel';
import { rangeQuery, useRange } from '@/ui/range';
import { RangePicker } from '@/ui/RangePicker';
import { type Customer, nameOf } from '../customer';
import { OverTime } from './OverTime';
import { Parts } from './Parts';
import { UsageFigures } from './UsageFigures';
import classes from './Usage.module.css';

/** What the customer used. */
export default function UsageTab({ customer }: { customer: Customer }) {
  const range = useRange('30d');
  const filter = { customer: nameOf(customer), ...rangeQuery(range) };
  const query = queries.useQuery('get', '/api/admin/usage', { params: { query: filter } });
  const search = range.name ? { customer: nameOf(customer), range: range.name } : { customer: nameOf(customer), from: range.from, until: range.until };
  return (
    <Stacked>
      <div className={classes.head}>
        <RangePicker range={range} />
        <Anchor component={Link} to="/usage" search={search as never} size="sm">
          Open in usage, to compare and to see single requests
        </Anchor>
      </div>
      <UsageFigures query={query} filter={filter} />
      <Columns aside={<Parts query={query} customer={customer} parts={['status', 'outcome']} />}>
        <Panel title="Requests over time" note={range.label}>
          <OverTime filter={filter} />
        </Panel>
        <Parts query={query} customer={customer} parts={['route', 'key']} />
      </Columns>
    </Stacked>
  );
}
