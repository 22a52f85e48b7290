import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMay } from '@/session/session';
import { openDialog } from '@/ui/dialogs';
import { useAskedAct } from '../acts';
import { type Customer, nameOf } from '../customer';
import { openImpersonation } from '../impersonation/openImpersonation';
import { openPlanChange } from '../modules/ChangePlan';
import { EditForm } from './EditForm';
import { ResumeForm } from './ResumeForm';
import { SuspendForm } from './SuspendForm';
import { useRemoval } from './useRemoval';

/** What can be done with a customer, by whoever may. */
export function Actions({ customer }: { customer: Customer }) {
  const may = useMay();
  const remove = useRemoval(customer);
  const name = customer.company_name;
  const isSuspended = customer.subscription_status === 'suspended';
  const edit = () => openDialog({ title: `What is known of ${name}`, content: (close) => <EditForm name={nameOf(customer)} close={close} /> });
  const suspend = () => openDialog({ title: `Suspend ${name}?`, content: (close) => <SuspendForm customer={customer} close={close} /> });
  const resume = () => openDialog({ title: `Serve ${name} again?`, content: (close) => <ResumeForm customer={customer} close={close} /> });
  useAskedAct({
    suspend: may('customers:suspend') && (isSuspended ? resume : suspend),
    plan: may('subscriptions:write') && (() => openPlanChange(customer)),
    impersonate: may('customers:impersonate') && (() => openImpersonation(customer)),
    edit: may('customers:write') && edit,
    delete: may('customers:delete') && remove,
  });
  return (
    <>
      {may('customers:impersonate') && (
        <Button variant="default" onClick={() => openImpersonation(customer)}>
          Impersonate
        </Button>
      )}
      {may('customers:suspend') &&
        (isSuspended ? (
          <Button onClick={resume}>Resume</Button>
        ) : (
          <Button variant="default" onClick={suspend}>
            Suspend
          </Button>
        ))}
      {(may('customers:write') || may('subscriptions:write') || may('customers:delete')) && (
        <Menu width={200}>
          <Menu.Target>
            <ActionIcon variant="default" size={30} aria-label="More actions">
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {may('customers:write') && <Menu.Item onClick={edit}>Edit what is known</Menu.Item>}
            {may('subscriptions:write') && <Menu.Item onClick={() => openPlanChange(customer)}>Change the plan</Menu.Item>}
            {may('customers:delete') && (
              <Menu.Item color="var(--bad)" onClick={remove}>
                Delete the customer
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
