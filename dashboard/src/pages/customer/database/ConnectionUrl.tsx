import { Button, CopyButton, SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { api, type Schema } from '@/api/client';
import { taken } from '@/api/taken';
import { confirm } from '@/ui/confirm';
import { Panel } from '@/ui/Panel';
import { useAskedAct } from '../acts';
import { type Customer, pathOf } from '../customer';
import classes from './Database.module.css';

/** For how long a password stays on the screen, in milliseconds. */
const SHOWN = 120_000;

const ROLES = [
  { value: 'readonly', label: 'Read-only' },
  { value: 'app', label: 'App' },
  { value: 'owner', label: 'Owner' },
];

/** How one connects to the database. The password is asked for, shown, and hidden again; it is kept nowhere. */
export function ConnectionUrl({ customer }: { customer: Customer }) {
  const [role, setRole] = useState('readonly');
  const [shown, setShown] = useState<Schema<'ConnectionView'> | null>(null);
  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(() => setShown(null), SHOWN);
    return () => clearTimeout(timer);
  }, [shown]);
  const choose = (next: string) => {
    setShown(null);
    setRole(next);
  };
  const ask = () =>
    confirm({
      title: `Show the ${role === 'readonly' ? 'read-only' : role} URL of ${customer.company_name}?`,
      consequences: [
        'The URL has the role’s password in it: whoever sees it can connect.',
        role === 'readonly' ? 'The role reads, and changes nothing.' : 'The role changes data: what is done with it, no log of ours knows.',
        'That you looked at it stands in the audit log.',
        `It is hidden again after ${SHOWN / 60_000} minutes, or when you leave.`,
      ],
      act: 'Show it',
      danger: role !== 'readonly',
      run: async () => setShown(await taken(api.POST('/api/admin/customers/{customer}/connection-urls', { params: pathOf(customer), body: { role } }))),
    });
  useAskedAct({ url: ask });
  return (
    <Panel title="Connect" note="With psql or any other client">
      <div className={classes.url}>
        <SegmentedControl size="xs" fullWidth aria-label="As which role" data={ROLES} value={role} onChange={choose} />
        {shown === null ? (
          <>
            <p className={classes.lines}>
              <code>
                postgresql://…@{customer.database_host}:{customer.database_port}/{customer.database_name}
              </code>
            </p>
            <div className={classes.actions}>
              <Button variant="default" onClick={ask}>
                Show the URL
              </Button>
            </div>
          </>
        ) : (
          <Shown connection={shown} hide={() => setShown(null)} />
        )}
      </div>
    </Panel>
  );
}

function Shown({ connection, hide }: { connection: Schema<'ConnectionView'>; hide: () => void }) {
  return (
    <>
      <pre className={classes.secret} tabIndex={0} aria-label="The URL, with the password">
        {connection.url}
      </pre>
      <div className={classes.actions}>
        <Copy value={connection.url} label="Copy the URL" />
        {connection.ca_certificate && <Copy value={connection.ca_certificate} label="Copy the CA certificate" />}
        <Button variant="default" onClick={hide}>
          Hide it
        </Button>
      </div>
    </>
  );
}

const Copy = ({ value, label }: { value: string; label: string }) => (
  <CopyButton value={value} timeout={1500}>
    {({ copied, copy }) => (
      <Button variant="default" onClick={copy}>
        {copied ? 'Copied' : label}
      </Button>
    )}
  </CopyButton>
);
