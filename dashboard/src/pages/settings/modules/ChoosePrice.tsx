import { queries } from '@/api/client';
import { Choices } from '@/ui/Choices';
import { openDialog } from '@/ui/dialogs';
import { money } from '@/ui/format';
import { Loaded } from '@/ui/Loaded';
import { openModule } from './EditModule';

/** Asks whose price is to be changed, and then how. */
export const openPriceChoice = () => openDialog({ title: 'Change the price of which module?', closesBeside: true, content: (close) => <ChoosePrice close={close} /> });

function ChoosePrice({ close }: { close: () => void }) {
  const query = queries.useQuery('get', '/api/admin/modules');
  return (
    <Loaded query={query} lines={10}>
      {({ data }) => (
        <Choices
          label="Which module"
          options={data.map(({ module_key, name, base_price_monthly, currency }) => ({ key: module_key, label: name, note: `${money(base_price_monthly, currency)} a month` }))}
          choose={(key) => {
            const module = data.find((one) => one.module_key === key);
            if (module) openModule(module);
          }}
          close={close}
        />
      )}
    </Loaded>
  );
}
