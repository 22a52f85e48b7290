import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import classes from './TabLinks.module.css';

type TabLink = { to: string; params?: Record<string, string>; label: string; current: boolean };

/** The parts of a page, each with an address of its own. */
export function TabLinks({ label, tabs }: { label: string; tabs: readonly TabLink[] }) {
  const nav = useRef<HTMLElement>(null);
  const current = tabs.findIndex((tab) => tab.current);
  // Where there are more parts than the screen is wide, the present one is seen.
  useEffect(() => {
    // After the router, which scrolls what was scrolled on the page before to where it was there.
    const frame = requestAnimationFrame(() => nav.current?.children[current]?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
    return () => cancelAnimationFrame(frame);
  }, [current]);
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
