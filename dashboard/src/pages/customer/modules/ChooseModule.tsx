import { Choices } from '@/ui/Choices';
import { openDialog } from '@/ui/dialogs';
import { Loaded } from '@/ui/Loaded';
import { Status } from '@/ui/Status';
import type { Customer } from '../customer';
import { openChange } from './openChange';
import { useModules } from './useModules';

/** Asks which module is to be turned on or off, and then shows what that would do. */
export const openModuleChoice = (customer: Customer) =>
  openDialog({ title: `Turn a module on or off for ${customer.company_name}`, closesBeside: true, content: (close) => <ChooseModule customer={customer} close={close} /> });

function ChooseModule({ customer, close }: { customer: Customer; close: () => void }) {
  const query = useModules(customer);
  return (
    <Loaded query={query} lines={10}>
      {(modules) => (
        <Choices
          label="Which module"
          options={modules.map(({ module_key: key, name, enabled, source }) => ({
            key,
            label: `Turn ${name} ${enabled ? 'off' : 'on'}`,
            note: <Status value={enabled ? 'active' : 'disabled'} label={source === 'always' ? 'Always on' : enabled ? 'On' : 'Off'} />,
            disabled: source === 'always',
          }))}
          choose={(key) => {
            const module = modules.find((one) => one.module_key === key);
            if (module) openChange(customer, module, !module.enabled);
          }}
          close={close}
        />
      )}
    </Loaded>
  );
}
