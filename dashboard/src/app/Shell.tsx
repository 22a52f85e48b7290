import { ActionIcon, Burger, Drawer, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { zone } from '@/ui/format';
import { Guard } from '@/ui/Panel';
import { AccountMenu } from './AccountMenu';
import { Brand } from './Brand';
import { CommandPalette } from './CommandPalette';
import { ImpersonationBanner } from './ImpersonationBanner';
import { LiveMark } from './LiveMark';
import { Navigation } from './Navigation';
import classes from './Shell.module.css';
import { useShortcuts } from './shortcuts';
import { ThemeSwitch } from './ThemeSwitch';

/** The frame: where to go at the left, what holds everywhere at the top, the page in the middle. */
export function Shell() {
  const [opened, menu] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useShortcuts();
  useEffect(() => menu.close(), [path]);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <aside className={classes.rail}>
        <Brand />
        <Navigation />
        <p className={classes.zone}>Times in {zone}</p>
      </aside>
      <header className={classes.bar}>
        <Burger className={classes.burger} size="sm" opened={opened} onClick={menu.toggle} aria-label="Navigation" />
        <UnstyledButton className={classes.find} onClick={spotlight.open}>
          <IconSearch size={15} aria-hidden />
          <span>Find a customer, key, page or action</span>
          <kbd>Ctrl K</kbd>
        </UnstyledButton>
        <Tooltip label="Find">
          <ActionIcon className={classes.findShort} onClick={spotlight.open} aria-label="Find" size="lg">
            <IconSearch size={18} />
          </ActionIcon>
        </Tooltip>
        <LiveMark />
        <ThemeSwitch />
        <AccountMenu />
      </header>
      <Drawer opened={opened} onClose={menu.close} size={240} title={<Brand />}>
        <Navigation />
      </Drawer>
      <div className={classes.middle}>
        <ImpersonationBanner />
        <main id="page" className={classes.page} tabIndex={-1}>
          <Guard subject={path}>
            <Outlet />
          </Guard>
        </main>
      </div>
      <CommandPalette />
    </div>
  );
}
