import { useWho } from '@/session/session';
import { Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Facts';
import { words } from '@/ui/format';
import { Panel } from '@/ui/Panel';
import { When } from '@/ui/When';
import classes from '../Settings.module.css';
import { ChangePassword } from './ChangePassword';
import { OwnAuthenticator } from './OwnAuthenticator';
import { OwnPasskeys } from './OwnPasskeys';
import { OwnSessions } from './OwnSessions';
import { OwnTokens } from './OwnTokens';
import { RecoveryCodes } from './RecoveryCodes';

/** The operator's own account. */
export default function AccountSection() {
  const { data: who } = useWho();
  if (!who) return null;
  if (who.credential !== 'session') {
    return (
      <Panel flush>
        <Empty title="You have no account here">You are in with a token. Sessions, tokens and a password belong to operators who sign in.</Empty>
      </Panel>
    );
  }
  return (
    <>
      <Panel title="You">
        <div className={classes.form}>
          <Facts
            facts={[
              ['Name', who.name],
              ['E-mail', who.email],
              ['Roles', who.roles.map(words).join(', ')],
              ['This session ends', <When key="ends" at={who.session?.expires_at} />],
            ]}
          />
        </div>
      </Panel>
      <OwnSessions />
      <OwnTokens />
      <OwnPasskeys />
      <OwnAuthenticator />
      <ChangePassword />
      <RecoveryCodes />
    </>
  );
}
