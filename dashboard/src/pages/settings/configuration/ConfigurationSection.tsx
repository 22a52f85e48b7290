import { queries } from '@/api/client';
import { AsOf } from '@/ui/AsOf';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Panel } from '@/ui/Panel';
import { When } from '@/ui/When';
import { CustomersLimits } from './CustomersLimits';
import { limitsOf, restOf, serverOf, signInOf } from './facts';
import { SettingsTable } from './SettingsTable';

const PARTS = [
  { title: 'Server', label: 'Settings of the server', settingsOf: serverOf },
  { title: 'Signing in', label: 'Settings of signing in', settingsOf: signInOf },
  { title: 'Subscriptions, usage and schema', label: 'Other settings', settingsOf: restOf },
] as const;

/** What the server was started with. It is changed by its variables, and read here. */
export default function ConfigurationSection() {
  const query = queries.useQuery('get', '/api/admin/settings', {}, { staleTime: 60_000 });
  const settings = query.data;
  if (!settings) {
    return (
      <Panel title="Limits and configuration" flush>
        <Loaded query={query} lines={8}>
          {() => null}
        </Loaded>
      </Panel>
    );
  }
  return (
    <>
      <AsOf query={query} />
      <Notice title={<>Sixty {settings.version}, up since <When at={settings.started_at} /></>}>
        <p>
          These are read when a server starts, from its variables: change a variable and start it again. Other servers may have been started otherwise; what the worker alone is told isn’t here.
          Nothing secret is shown.
        </p>
      </Notice>
      <Panel title="Limits for everybody" note="Beside those that a key has of its own" flush>
        <SettingsTable label="List of limits" settings={limitsOf(settings)} />
      </Panel>
      <CustomersLimits />
      {PARTS.map((part) => (
        <Panel key={part.title} title={part.title} flush>
          <SettingsTable label={part.label} settings={part.settingsOf(settings)} />
        </Panel>
      ))}
    </>
  );
}
