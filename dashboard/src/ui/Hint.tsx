import { cloneElement, type FocusEvent, type PointerEvent, type ReactElement, type RefObject, useRef, useState } from 'react';
import { part } from './part';
import type { TipProps } from './Tip';

/** What draws the explanation. What can't be fetched explains nothing, and is no reason to take away what it would explain. */
export const Tip = part<TipProps>(() => import('./Tip').catch(() => ({ default: () => null })));

/** How long the pointer rests before something is explained, in milliseconds. */
const REST = 250;

type HintProps = { label: string; wide?: boolean; children: ReactElement<Hinted> };
type Hinted = { ref?: RefObject<HTMLElement | null>; [handler: `on${string}`]: unknown };

/**
 * Explains what is in it, to whoever points at it or reaches it by keyboard. What draws the explanation is loaded then: pages
 * have hundreds of hints, and most of them are never looked at.
 */
export function Hint({ label, wide = false, children }: HintProps) {
  const target = useRef<HTMLElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [isNear, setNear] = useState(false);
  const [isShown, setShown] = useState(false);
  const show = () => {
    setNear(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(true), REST);
  };
  const hide = () => {
    clearTimeout(timer.current);
    setShown(false);
  };
  const handlers = {
    ref: target,
    onPointerEnter: show,
    onPointerLeave: hide,
    onFocus: (event: FocusEvent<HTMLElement>) => event.currentTarget.matches(':focus-visible') && show(),
    onBlur: hide,
    onPointerDown: (event: PointerEvent) => event.pointerType === 'mouse' && hide(),
  };
  return (
    <>
      {cloneElement(children, handlers)}
      {isNear && <Tip target={target} label={label} wide={wide} isShown={isShown} />}
    </>
  );
}
