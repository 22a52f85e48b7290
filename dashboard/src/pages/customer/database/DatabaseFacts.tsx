import type { Schema } from '@/api/client';
import { CopyValue } from '@/ui/CopyValue';
import { Facts } from '@/ui/Facts';
import { bytes, count, dayOf, share } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { Status } from '@/ui/Status';
import { When } from '@/ui/When';
import type { Customer } from '../customer';
import classes from './Database.module.css';
import { useDatabase } from './useDatabase';

/** Where the database is and how it does. */
export function DatabaseFacts({ customer }: { customer: Customer }) {
  const query = useDatabase(customer);
  return (
    <Panel title="Database" note="As it says of itself now">
      <Loaded query={query} lines={8}>
        {(database) => (
          <>
            {database.problem && (
              <p className={classes.problem} role="status">
                {database.problem} What stands here is what the catalog knows.
              </p>
            )}
            <div className={classes.facts}>
              <Facts facts={place(customer, database)} />
              <Facts facts={state(database)} />
            </div>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

type Database = Schema<'CustomerDatabaseView'>;

function place(customer: Customer, { host, port, database, postgres_version: version, schema_version: schema, newest_schema_version: newest }: Database) {
  const isOld = schema != null && schema < newest;
  return [
    ['Host', host && <CopyValue value={host} label="host" />],
    ['Port', port && <CopyValue value={String(port)} label="port" />],
    ['Database', database && <CopyValue value={database} label="name of the database" />],
    ['PostgreSQL', version],
    ['Schema version', schema == null ? 'not known' : isOld ? <Status value="" tone="warn" label={`${schema}, of ${newest}`} /> : `${schema}, the newest`],
    ['Instance', customer.instance?.id && <CopyValue value={customer.instance.id} label="id of the instance" />],
  ] as const;
}

function state({ reachable, started_at, size_bytes, connections, certificate_expires_at: until }: Database) {
  return [
    ['Answers', <Status value={reachable ? 'ok' : 'down'} label={reachable ? 'Yes' : 'No'} />],
    ['Running since', started_at && <When at={started_at} />],
    ['Size on disk', size_bytes == null ? null : bytes(size_bytes)],
    ['Connections', connections && `${count(connections.used)} of ${count(connections.limit)}, ${share(connections.used / Math.max(1, connections.limit))}`],
    ['By role', connections && connections.used > 0 ? connections.by_role.map(({ role, connections: number }) => `${role}: ${count(number)}`).join(', ') : null],
    ['Certificate', until && <Certificate until={until} />],
  ] as const;
}

/** How many days before its end a certificate is spoken of. */
const SOON = 30;

function Certificate({ until }: { until: string }) {
  const days = (Date.parse(until) - Date.now()) / 86_400_000;
  const text = `good until ${dayOf(until)}`;
  return days > SOON ? text : <Status value="" tone={days > 0 ? 'warn' : 'bad'} label={text} />;
}
