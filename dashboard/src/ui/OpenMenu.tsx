import { Menu } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { MenuButtonProps } from './MenuButton';

/** The menu of a button that was pressed. */
export default function OpenMenu({ button: Button, buttonProps, width, content }: MenuButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    // The button took the place of the one that was pressed: it is where the keyboard comes back to.
    own.current?.focus();
    setOpen(true);
  }, []);
  return (
    <Menu opened={isOpen} onChange={setOpen} width={width} returnFocus>
      <Menu.Target>
        <Button ref={own} {...buttonProps} />
      </Menu.Target>
      <Menu.Dropdown>
        {content(() => setOpen(false))}
      </Menu.Dropdown>
    </Menu>
  );
}
