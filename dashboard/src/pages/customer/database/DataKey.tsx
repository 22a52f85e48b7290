import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { Facts } from '@/ui/Facts';
import { count } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import { type Customer, pathOf } from '../customer';
import classes from './Database.module.css';

/** How often a rotation that runs is looked at, in milliseconds. */
const LOOK = 2000;

/** The key that seals the customer's secrets: how old it is, how its last rotation went, and a rotation now. */
export function DataKey({ customer }: { customer: Customer }) {
  const may = useMay();
  const client = useQueryClient();
  const query = queries.useQuery(
    'get',
    '/api/admin/secrets/data-keys',
    { params: { query: { customer: customer.id } } },
    { refetchInterval: ({ state }) => (state.data?.data[0]?.last_rotation?.status === 'running' ? LOOK : 60_000) },
  );
  const rotate = () =>
    confirm({
      title: `Rotate the data key of ${customer.company_name}?`,
      consequences: [
        'All secrets that are kept of theirs, such as the passwords of their database, are sealed with a new key.',
        'Nothing stops: until the last one is done, both keys open.',
        'Passwords and API keys stay as they are.',
      ],
      act: 'Rotate',
      danger: false,
      run: async () => {
        await taken(api.POST('/api/admin/customers/{customer}/data-key-rotations', { params: pathOf(customer) }));
        await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).includes('/secrets') });
      },
    });
  return (
    <Panel
      title="Data key"
      note="Seals what is kept secret of theirs"
      actions={
        may('secrets:write') && (
          <Button variant="default" onClick={rotate}>
            Rotate
          </Button>
        )
      }
    >
      <Loaded query={query}>{({ data }) => (data[0] ? <Known dataKey={data[0]} /> : <p className={classes.lines}>Nothing is sealed for this customer: they have no data key.</p>)}</Loaded>
    </Panel>
  );
}

function Known({ dataKey }: { dataKey: Schema<'DataKeyView'> }) {
  const { age_days, created_at, version, master_key_id, older_versions, last_rotation: last } = dataKey;
  return (
    <Facts
      facts={[
        ['Age', age_days === 0 ? 'Under a day' : `${count(age_days)} ${age_days === 1 ? 'day' : 'days'}`],
        ['Seals since', <When key="since" at={created_at} />],
        ['Version', older_versions > 0 ? `${version}, and ${count(older_versions)} before it until nothing is sealed with ${older_versions === 1 ? 'it' : 'them'}` : version],
        ['Wrapped by', <code key="master">{master_key_id}</code>],
        ['Last rotation', last ? <Status key="status" value={last.status} /> : 'None'],
        ['Begun', last && <When key="begun" at={last.created_at} />],
        ['Done', last?.finished_at && <When key="done" at={last.finished_at} />],
        ['Secrets', last && `${count(last.done)} of ${count(last.total)} sealed anew${last.failed > 0 ? `, ${count(last.failed)} don’t open` : ''}`],
        ['In the way', last?.error],
      ]}
    />
  );
}
