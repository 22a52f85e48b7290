import { Link, useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import classes from './TabLinks.module.css';

type TabLink = { to: string; params?: Record<string, string>; label: string; current: boolean };

/** The parts of a page, each with an address of its own. */
export function TabLinks({ label, tabs }: { label: string; tabs: readonly TabLink[] }) {
  const nav = useRef<HTMLElement>(null);
  const current = tabs.findIndex((tab) => tab.current);
  const router = useRouter();
  // Where there are more parts than the screen is wide, the present one is seen. Also when the router has scrolled: it puts what was scrolled
  // sideways back to where it was on the page before.
  useEffect(() => {
    const see = () => nav.current && seen(nav.current, nav.current.children[current]);
    see();
    return router.subscribe('onRendered', see);
  }, [router, current]);
  return (
    <nav ref={nav} className={classes.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.label} to={tab.to} params={(tab.params ?? {}) as never} className={classes.tab} activeProps={{}} activeOptions={{ exact: true, includeSearch: false }} aria-current={tab.current ? 'page' : undefined} resetScroll={false}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}

/** Scrolls sideways as far as it takes, and not at all up or down. */
function seen(nav: Element, tab: Element | undefined) {
  if (!tab) return;
  const [whole, one] = [nav.getBoundingClientRect(), tab.getBoundingClientRect()];
  nav.scrollLeft += Math.min(0, one.left - whole.left) + Math.max(0, one.right - whole.right);
}
