import { Popover } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { MenuButtonProps } from './MenuButton';

/** The small dialog of a button that was pressed. */
export default function OpenPopover({ button: Button, buttonProps, width, content }: MenuButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    // The button took the place of the one that was pressed: it is where the keyboard comes back to.
    own.current?.focus();
    setOpen(true);
  }, []);
  return (
    <Popover opened={isOpen} onChange={setOpen} width={width} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button ref={own} {...buttonProps} onClick={() => setOpen(!isOpen)} />
      </Popover.Target>
      <Popover.Dropdown p={4}>
        {content(() => setOpen(false))}
      </Popover.Dropdown>
    </Popover>
  );
}
