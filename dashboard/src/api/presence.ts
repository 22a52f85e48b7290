/** For how long somebody counts as there after the last touch, in milliseconds: what a page asks by then, it asks for them. */
const THERE = 10_000;

let touched = Date.now();

const touch = () => {
  touched = Date.now();
};

/** Notices whether somebody is at the page. */
export function watchPresence() {
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart', 'focus'] as const) {
    window.addEventListener(kind, touch, { capture: true, passive: true });
  }
}

/** Whether somebody has just done something on the page. */
export const isSomebodyThere = (now = Date.now()) => now - touched < THERE;
