import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { askAgain } from '@/api/askAgain';
import { api, queries, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { useMay } from '@/session/session';
import { confirm } from '@/ui/confirm';
import { Facts } from '@/ui/Facts';
import { ageOf, count } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import { useAskedAct } from '../acts';
import { type Customer, pathOf } from '../customer';
import classes from './Database.module.css';

/** How often a rotation that runs is looked at, in milliseconds. */
const LOOK = 2000;

/** The key that seals the customer's secrets: when it was rotated last, and a rotation now. */
export function DataKey({ customer }: { customer: Customer }) {
  const may = useMay();
  const client = useQueryClient();
  const ofCustomer = (rotations: readonly Schema<'KeyRotationView'>[]) => rotations.find((one) => one.customer_uuid === customer.id);
  const query = queries.useQuery(
    'get',
    '/api/admin/secrets',
    {},
    { refetchInterval: ({ state }) => (ofCustomer(state.data?.rotations ?? [])?.status === 'running' ? LOOK : 60_000) },
  );
  const keys = queries.useQuery('get', '/api/admin/secrets/data-keys', { params: { query: { customer: customer.id } } }, { placeholderData: undefined });
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
        await askAgain(client, /\/secrets/);
      },
    });
  useAskedAct({ datakey: may('secrets:write') && rotate });
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
      <Loaded query={keys}>{({ data }) => <Versions versions={data} />}</Loaded>
      <Loaded query={query}>
        {({ rotations }) => {
          const last = ofCustomer(rotations);
          return last && <Rotation rotation={last} />;
        }}
      </Loaded>
    </Panel>
  );
}

/** The versions that are there: how old each is, and which master key opens it. */
function Versions({ versions }: { versions: readonly Schema<'DataKeyView'>[] }) {
  if (versions.length === 0) return <p className={classes.lines}>There is none: nothing secret is kept of this customer.</p>;
  return (
    <Facts
      facts={versions.map((key) => [
        `Version ${key.version}`,
        <>
          {ageOf(key.age_days)}, made <When at={key.created_at} />; opened by <code>{key.master_key_id}</code>
          {key.superseded_at && '; only opens, until nothing is sealed with it'}
        </>,
      ])}
    />
  );
}

function Rotation({ rotation }: { rotation: Schema<'KeyRotationView'> }) {
  const { status, total, done, failed, created_at, finished_at, to_version, error } = rotation;
  return (
    <Facts
      facts={[
        ['Last rotation', <Status value={status} />],
        ['Begun', <When at={created_at} />],
        ['Done', finished_at && <When at={finished_at} />],
        ['New version', to_version],
        ['Secrets', `${count(done)} of ${count(total)} sealed anew${failed > 0 ? `, ${count(failed)} don’t open` : ''}`],
        ['In the way', error],
      ]}
    />
  );
}
