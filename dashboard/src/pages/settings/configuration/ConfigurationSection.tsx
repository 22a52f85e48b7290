import { queries } from '@/api/client';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Panel } from '@/ui/Panel';
import { When } from '@/ui/When';
import { limitsOf, restOf, serverOf, signInOf } from './facts';
import { SettingsTable } from './SettingsTable';

/** What the server was started with. It is changed by its variables, and read here. */
export default function ConfigurationSection() {
  const query = queries.useQuery('get', '/api/admin/settings', {}, { staleTime: 60_000 });
  const settings = query.data;
  return (
    <>
      <Notice title={settings ? <>Sixty {settings.version}, up since <When at={settings.started_at} /></> : 'Sixty'}>
        <p>These are read when a server starts, from its variables: change a variable and start it again. Other servers may have been started otherwise; what the worker alone is told isn’t here. Nothing secret is shown.</p>
      </Notice>
      <Panel title="Limits" note="Beside those that a key has of its own" flush>
        <Loaded query={query}>{(data) => <SettingsTable label="List of limits" settings={limitsOf(data)} />}</Loaded>
      </Panel>
      <Panel title="Server" flush>
        <Loaded query={query}>{(data) => <SettingsTable label="Settings of the server" settings={serverOf(data)} />}</Loaded>
      </Panel>
      <Panel title="Signing in" flush>
        <Loaded query={query}>{(data) => <SettingsTable label="Settings of signing in" settings={signInOf(data)} />}</Loaded>
      </Panel>
      <Panel title="Subscriptions, usage and schema" flush>
        <Loaded query={query}>{(data) => <SettingsTable label="Other settings" settings={restOf(data)} />}</Loaded>
      </Panel>
    </>
  );
}
