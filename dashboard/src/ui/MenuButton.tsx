import { type ElementType, lazy, type ReactNode, Suspense, useState } from 'react';

const OpenMenu = lazy(() => import('./OpenMenu'));

export type MenuButtonProps = {
  /** What is pressed; gets `children`, `onClick` and what says that it opens a menu. */
  button: ElementType;
  buttonProps: Record<string, unknown> & { children: ReactNode };
  width: number;
  /** What stands in the menu: `Menu.Item`s; `close` closes it. Loaded lazily, if it is lazy. */
  content: (close: () => void) => ReactNode;
};

/** A button that opens a menu. What makes menus is loaded with the first one that is opened. */
export function MenuButton(props: MenuButtonProps) {
  const { button: Button, buttonProps } = props;
  const [isWanted, setWanted] = useState(false);
  const closed = <Button {...buttonProps} aria-haspopup="menu" aria-expanded={false} onClick={() => setWanted(true)} />;
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} />
    </Suspense>
  );
}
