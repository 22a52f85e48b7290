import { queries } from '@/api/client';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { Panel } from '@/ui/Panel';
import { DataKeys } from './DataKeys';
import { MasterKeys } from './MasterKeys';
import { Rotations } from './Rotations';
import { RotateKeys } from './RotateKeys';

/** Where keys are, how old they are, what they wrap, and how far rotations are. */
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
      {secrets?.away.map((provider) => (
        <Notice key={provider} tone="bad" title="A place of keys can’t be reached">
          <p>{provider}</p>
        </Notice>
      ))}
      <Panel title="Master keys" note="A master key wraps data keys; a data key seals one customer’s secrets" flush actions={secrets && <RotateKeys secrets={secrets} />}>
        <Loaded query={query}>{(data) => <MasterKeys secrets={data} />}</Loaded>
      </Panel>
      <DataKeys activeKey={secrets?.active_key} />
      <Panel title="Rotations" note="The newest first; nobody notices them" flush>
        <Loaded query={query}>{(data) => <Rotations rotations={data.rotations} />}</Loaded>
      </Panel>
    </>
  );
}
