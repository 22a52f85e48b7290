import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Schema } from '@/api/client';
import { useMay } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { PageHeader } from '@/ui/PageHeader';
import { Panel } from '@/ui/Panel';
import { LeaveGuard } from './LeaveGuard';
import { Progress } from './Progress';
import { SignUpForm } from './SignUpForm';
import { emptySignUp } from './signUpForm';

/** Signs a customer up: the form, the steps as they go, the first API key. The key is held by this page alone, until it is left. */
export function SignUpPage() {
  const navigate = useNavigate();
  const { operation } = useSearch({ from: '/customers/new' });
  const mayWrite = useMay()('customers:write');
  const [values, setValues] = useState(emptySignUp);
  const [begun, setBegun] = useState<Schema<'SignUpView'> | null>(null);
  const [settled, setSettled] = useState(false);
  const show = (id: string | undefined) => void navigate({ to: '/customers/new', search: { operation: id }, replace: true });
  const again = (keep: boolean) => {
    if (!keep) setValues(emptySignUp);
    show(undefined);
  };
  // Once the sign-up has left the address: whoever is asked and stays has the key still.
  useEffect(() => {
    if (operation === undefined) setBegun(null);
  }, [operation]);
  if (!mayWrite) return <NotAllowed />;
  return (
    <>
      <PageHeader title="Sign a customer up" note={operation ? undefined : 'A database of their own, a trial, and the first API key, within seconds'} />
      {operation ? (
        <Progress key={operation} operation={operation} begun={begun} again={again} onSettled={() => setSettled(true)} />
      ) : (
        <SignUpForm
          initial={values}
          done={(sent, started) => {
            setValues(sent);
            setSettled(false);
            setBegun(started);
            show(started.operation.id);
          }}
        />
      )}
      <LeaveGuard active={begun !== null && !settled} />
    </>
  );
}

const NotAllowed = () => (
  <>
    <PageHeader title="Sign a customer up" />
    <Panel flush>
      <Empty title="Your roles don’t allow it">Signing customers up needs the right customers:write, which owners and admins have.</Empty>
    </Panel>
  </>
);
