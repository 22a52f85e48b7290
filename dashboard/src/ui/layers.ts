import { useLayoutEffect, useRef } from 'react';

/** Something that lies over the page: a dialog, a drawer, the palette. */
export type Layer = {
  /** What had the keyboard when it was opened: there it comes back to. */
  opener: HTMLElement | null;
  /** The dialog that the opener is in, should the opener be gone by then. */
  within: HTMLElement | null;
  /** What it was opened over. */
  beneath: Layer | undefined;
  /** What Escape does; nothing where it is undefined. */
  close?: () => void;
};

// The one in front is the last one.
let layers: readonly Layer[] = [];

/** Lays something over the page. It is called before anything of it is drawn, while the keyboard is where it was opened from. */
export function lay(): Layer {
  const opener = keyboardAt();
  const layer: Layer = { opener, within: opener?.closest<HTMLElement>('[role="dialog"]') ?? null, beneath: layers.at(-1) };
  layers = [...layers, layer];
  return layer;
}

/** Takes it away, and gives the keyboard back, unless something else has taken its place. */
export function lift(layer: Layer) {
  const then = document.activeElement;
  // After all that is drawn at the same time: what is opened in its place lies over it, and what goes with it is gone.
  queueMicrotask(() => {
    const wasInFront = layers.at(-1) === layer;
    layers = layers.filter((one) => one !== layer);
    if (wasInFront && isNowhere(then)) giveBack(layer);
  });
}

/** Whether nothing but the layer that is lifted has the keyboard. */
function isNowhere(then: Element | null): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || (now === then && now.closest('[role="dialog"]') !== null);
}

/** To what had it, else to what that was in, and so on down to the page. */
function giveBack(layer: Layer) {
  for (let one: Layer | undefined = layer; one; one = one.beneath) {
    if (takes(one.opener) || takes(one.within)) return;
  }
  takes(document.getElementById('page'));
}

function takes(element: HTMLElement | null): boolean {
  element?.focus({ preventScroll: true });
  return element !== null && document.activeElement === element;
}

/** What has the keyboard. Of a menu it is the menu's button, since what is in a menu goes as soon as it is chosen. */
function keyboardAt(): HTMLElement | null {
  const at = document.activeElement as HTMLElement | null;
  if (at === null || at === document.body) return null;
  const button = at.closest('[role="menu"]')?.getAttribute('aria-labelledby');
  return button ? document.getElementById(button) : at;
}

/**
 * Has Escape close what is in front, and that alone. Mantine's dialogs and drawers each listen for themselves, and one press closes
 * all that are open. Answers what ends it.
 */
export function hearEscape(): () => void {
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.isComposing && !isForLess(event.target)) layers.at(-1)?.close?.();
  };
  window.addEventListener('keydown', press, { capture: true });
  return () => window.removeEventListener('keydown', press, { capture: true });
}

/** Whether a list, a menu or a small dialog beside its button is to be closed, and nothing that it is in. */
function isForLess(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.getAttribute('data-mantine-stop-propagation') === 'true' || target.closest('[role="dialog"]:not([aria-modal="true"])') !== null;
}

/** Something that lies over the page while it is open. `close` is what Escape does; `layer` is what was laid when it was asked for, if it was. */
export function useLayer(isOpen: boolean, close: (() => void) | undefined, layer?: Layer) {
  const own = useRef(layer);
  useLayoutEffect(() => {
    if (!isOpen) return;
    const laid = layer ?? lay();
    own.current = laid;
    return () => lift(laid);
  }, [isOpen, layer]);
  useLayoutEffect(() => {
    if (own.current) own.current.close = close;
  });
}
