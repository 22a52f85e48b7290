import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import type { Customer } from '../customer';
import { openChange, openReset } from './openChange';
import type { Held } from './useModules';

/** What else can be changed of a module: reason, end, limit; and back to the plan. */
export function ModuleMenu({ customer, module }: { customer: Customer; module: Held }) {
  return (
    <Menu width={210}>
      <Menu.Target>
        <ActionIcon aria-label={`More of ${module.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => openChange(customer, module)}>Reason, end and limit</Menu.Item>
        {module.source === 'override' && <Menu.Item onClick={() => openReset(customer, module)}>Back to what the plan says</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
