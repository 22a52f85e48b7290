import { type ElementType, lazy, type ReactNode, Suspense, useState } from 'react';

const OpenMenu = lazy(() => import('./OpenMenu'));
const OpenPopover = lazy(() => import('./OpenPopover'));

export type MenuButtonProps = {
  /** What is pressed; gets `children`, `onClick` and what says that it opens a menu. */
  button: ElementType;
  buttonProps: Record<string, unknown> & { children: ReactNode };
  width: number;
  /** Whether more than a choice is in it, such as fields: a menu has none. */
  hasFields?: boolean;
  /** What stands in the menu: `Menu.Item`s, or anything where it has fields; `close` closes it. Loaded lazily, if it is lazy. */
  content: (close: () => void) => ReactNode;
};

/** A button that opens a menu, or a small dialog beside it. What makes them is loaded with the first one that is opened. */
export function MenuButton(props: MenuButtonProps) {
  const { button: Button, buttonProps, hasFields = false } = props;
  const Open = hasFields ? OpenPopover : OpenMenu;
  const [isWanted, setWanted] = useState(false);
  const closed = <Button {...buttonProps} aria-haspopup={hasFields ? 'dialog' : 'menu'} aria-expanded={false} onClick={() => setWanted(true)} />;
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <Open {...props} />
    </Suspense>
  );
}
