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
    nav.current?.children[current]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
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
