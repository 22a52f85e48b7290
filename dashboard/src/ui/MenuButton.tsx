import { type ElementType, type ReactNode, useState } from 'react';
import { part } from './part';

const closed = ({ button: Button, buttonProps, hasFields }: MenuButtonProps, open?: () => void) => (
  <Button {...buttonProps} aria-haspopup={hasFields ? 'dialog' : 'menu'} aria-expanded={false} onClick={open} />
);

/** What makes menus, and small dialogs beside their buttons. */
export const OpenMenu = part<MenuButtonProps>(() => import('./OpenMenu'), closed);
export const OpenPopover = part<MenuButtonProps>(() => import('./OpenPopover'), closed);

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
  const Open = props.hasFields ? OpenPopover : OpenMenu;
  const [isWanted, setWanted] = useState(false);
  return isWanted ? <Open {...props} /> : closed(props, () => setWanted(true));
}
