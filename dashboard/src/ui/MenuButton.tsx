import { type ElementType, type MouseEvent, type ReactNode, useState } from 'react';
import { Guard } from './Guard';
import { part } from './part';

/** What makes menus, and small dialogs beside their buttons. */
export const OpenMenu = part<MenuButtonProps>(() => import('./OpenMenu'));
export const OpenPopover = part<MenuButtonProps>(() => import('./OpenPopover'));

export type MenuButtonProps = {
  /** What is pressed; gets `children`, `onClick` and what says that it opens a menu. */
  button: ElementType;
  buttonProps: Record<string, unknown> & { children: ReactNode };
  width: number;
  /** Whether more than a choice is in it, such as fields: a menu has none. */
  hasFields?: boolean;
  /** What stands in the menu: `Menu.Item`s, or anything where it has fields; `close` closes it. */
  content: (close: () => void) => ReactNode;
};

/** A button that opens a menu, or a small dialog beside it. What makes them is loaded with the first one that is opened. */
export function MenuButton(props: MenuButtonProps) {
  const { button: Button, buttonProps, hasFields } = props;
  const Open = hasFields ? OpenPopover : OpenMenu;
  const [isWanted, setWanted] = useState(false);
  // The button stays as it is, with the keyboard, until there is a menu to open.
  const press = async ({ currentTarget }: MouseEvent<HTMLElement>) => {
    await Open.load();
    // Whoever went on meanwhile isn't called back. Not every browser gives the keyboard to a button that is clicked: what it is in may have it.
    if (document.activeElement?.contains(currentTarget)) setWanted(true);
  };
  if (!isWanted) return <Button {...buttonProps} aria-haspopup={hasFields ? 'dialog' : 'menu'} aria-expanded={false} onClick={press} />;
  return (
    <Guard floats closes={() => setWanted(false)}>
      <Open {...props} />
    </Guard>
  );
}
