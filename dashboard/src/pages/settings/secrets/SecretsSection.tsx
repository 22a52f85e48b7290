import { queries } from '@/api/client';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Panel } from '@/ui/Panel';
import { DataKeys } from './DataKeys';
import { MasterKeys } from './MasterKeys';
import { Providers } from './Providers';
import { providerName } from './providerNames';
import { Rotations } from './Rotations';
import { RotateKeys } from './RotateKeys';
import { StoredSecrets } from './StoredSecrets';

/** Where keys are, how old they and what they seal are, what they wrap, and how far rotations are. */
export default function SecretsSection() {
  const isRunning = (statuses: { status: string }[] | undefined) => statuses?.some((rotation) => rotation.status === 'running') ?? false;
  const query = queries.useQuery(
    'get',
    '/api/admin/secrets',
    {},
    // A rotation that runs is looked at closely.
    { refetchInterval: ({ state }) => (isRunning((state.data as { rotations: { status: string }[] } | undefined)?.rotations) ? 1500 : 60_000) },
  );
  const secrets = query.data;
  return (
    <>
      {secrets?.providers.map(
        ({ provider, status }, place) =>
          status === 'away' && (
            <Notice key={place} tone="bad" title={`${providerName(provider)} can’t be asked for keys`}>
              <p>Customers who were served before are served on. Data keys that only it opens stay closed until it is back.</p>
            </Notice>
          ),
      )}
      <Panel title="Master keys" note="A master key wraps data keys; a data key seals one customer’s secrets" flush actions={secrets && <RotateKeys secrets={secrets} />}>
        <Loaded query={query}>{(data) => <MasterKeys secrets={data} />}</Loaded>
      </Panel>
      <Panel title="Where master keys are held" note="As the server that answered sees it now" flush>
        <Loaded query={query}>{(data) => <Providers providers={data.providers} />}</Loaded>
      </Panel>
      <DataKeys />
      <StoredSecrets />
      <Panel title="Rotations" note="The newest first; nobody notices them" flush>
        <Loaded query={query}>{(data) => <Rotations rotations={data.rotations} />}</Loaded>
      </Panel>
    </>
  );
}
