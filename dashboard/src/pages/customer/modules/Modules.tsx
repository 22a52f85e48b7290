import { useMay } from '@/session/session';
import { DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { Loaded } from '@/ui/Loaded';
import { Panel } from '@/ui/Panel';
import { useAskedAct } from '../acts';
import type { Customer } from '../customer';
import { openModuleChoice } from './ChooseModule';
import { useColumns } from './columns';
import { useModules } from './useModules';

/** The modules, why each is on or off, and how much of it is used. */
export function Modules({ customer }: { customer: Customer }) {
  const query = useModules(customer);
  const columns = useColumns(customer);
  const mayChange = useMay()('modules:write');
  useAskedAct({ module: mayChange && (() => openModuleChoice(customer)) });
  return (
    <Panel title="Modules" note="A change acts on every server within a second, and deletes nothing" flush>
      <Loaded query={query} lines={10}>
        {(modules) => (
          <DataTable
            label="Modules, one a line"
            columns={columns}
            rows={modules}
            rowKey={({ module_key: key }) => key}
            empty={<Empty title="There are no modules">The server that answers knows none: that is a fault of its installation.</Empty>}
          />
        )}
      </Loaded>
    </Panel>
  );
}
