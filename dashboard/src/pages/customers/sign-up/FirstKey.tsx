import { Anchor, Button, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CopyValue } from '@/ui/CopyValue';
import { Panel } from '@/ui/Panel';
import { ShownOnce } from '@/ui/ShownOnce';
import classes from './SignUp.module.css';

type FirstKeyProps = { customer: string; secret: string | null; onCopied: () => void; again: () => void };

/** The customer is there: their first API key, once, and what to do with it. */
export function FirstKey({ customer, secret, onCopied, again }: FirstKeyProps) {
  const open = (
    <Button component={Link} to={`/customers/${customer}`} variant="default">
      Open {customer}
    </Button>
  );
  const another = (
    <Button variant="default" onClick={again}>
      Sign another customer up
    </Button>
  );
  if (secret === null) {
    return (
      <Panel title="The customer is there">
        <p className={classes.text}>The first API key was shown to whoever began the sign-up, once. If it is lost, make another one on the customer’s page.</p>
        <Group gap="xs">
          {open}
          {another}
        </Group>
      </Panel>
    );
  }
  const command = (key: string) => `curl -H 'Authorization: Bearer ${key}' ${window.location.origin}/api/v1/contacts`;
  return (
    <Panel title="The first API key" note="It works now">
      <ShownOnce secret={secret} label="API key" onCopied={onCopied} />
      <ol className={classes.next}>
        <li>Hand the key to the customer’s programs, by a channel that keeps secrets.</li>
        <li>
          See that it works; what is copied has the key in it:
          <span className={classes.command}>
            <CopyValue value={command(secret)} shown={command(`${secret.slice(0, 11)}…`)} label="command" />
          </span>
        </li>
        <li>
          The routes stand in the <Anchor href="/api/docs" size="sm" underline="always">API documentation</Anchor>.
        </li>
      </ol>
      <Group gap="xs" mt="md">
        {open}
        {another}
      </Group>
    </Panel>
  );
}
