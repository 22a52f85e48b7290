import { ActionIcon, Burger, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch, IconUserCircle } from '@tabler/icons-react';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { FLOATING } from '@/theme/theme';
import { useDialogs } from '@/ui/dialogs';
import { zone } from '@/ui/format';
import { Guard } from '@/ui/Guard';
import { Hint } from '@/ui/Hint';
import { hearEscape } from '@/ui/layers';
import { MenuButton } from '@/ui/MenuButton';
import { TITLE } from '@/ui/PageHeader';
import { Brand } from './Brand';
import { ImpersonationBanner } from './ImpersonationBanner';
import { LiveMark } from './LiveMark';
import { Navigation } from './Navigation';
import { forgetPalette, togglePalette, usePaletteAsked } from './palette';
import { AccountMenu, CommandPalette, Dialogs, NarrowMenu } from './parts';
import { prefetchSoon } from './prefetch';
import classes from './Shell.module.css';
import { useShortcuts } from './shortcuts';
import { ThemeSwitch } from './ThemeSwitch';
import { useFocusOnPage } from './useFocusOnPage';

/** The frame: where to go at the left, what holds everywhere at the top, the page in the middle. */
export function Shell() {
  const [opened, menu] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const wantsPalette = usePaletteAsked() > 0;
  const hasDialogs = useDialogs().length > 0;
  const [hasMenu, setHasMenu] = useState(false);
  if (opened && !hasMenu) setHasMenu(true);
  const forgetMenu = () => {
    menu.close();
    setHasMenu(false);
  };
  useShortcuts();
  useFocusOnPage();
  useEffect(() => menu.close(), [path]);
  useEffect(prefetchSoon, []);
  useEffect(hearEscape, []);
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
        <UnstyledButton className={classes.find} onClick={togglePalette}>
          <IconSearch size={15} aria-hidden />
          <span>Find a customer, key, page or action</span>
          <kbd>Ctrl K</kbd>
        </UnstyledButton>
        <Hint label="Find">
          <ActionIcon className={classes.findShort} onClick={togglePalette} aria-label="Find" size="lg">
            <IconSearch size={18} />
          </ActionIcon>
        </Hint>
        <LiveMark />
        <ThemeSwitch />
        <MenuButton
          button={ActionIcon}
          buttonProps={{ size: 'lg', 'aria-label': 'Your account', children: <IconUserCircle size={20} stroke={1.6} /> }}
          width={240}
          content={() => <AccountMenu />}
        />
      </header>
      {hasMenu && (
        <Guard floats closes={forgetMenu}>
          <NarrowMenu opened={opened} close={menu.close} />
        </Guard>
      )}
      <div className={classes.middle}>
        <ImpersonationBanner />
        <main id="page" className={classes.page} tabIndex={-1} aria-labelledby={TITLE}>
          <Guard subject={path}>
            <Outlet />
          </Guard>
          <div id={FLOATING} />
        </main>
      </div>
      {wantsPalette && (
        <Guard floats closes={forgetPalette}>
          <CommandPalette />
        </Guard>
      )}
      {hasDialogs && (
        <Guard floats>
          <Dialogs />
        </Guard>
      )}
    </div>
  );
}
