import { coming } from '@/ui/Coming';
import { Tip } from '@/ui/Hint';
import { OpenMenu, OpenPopover } from '@/ui/MenuButton';
import { busy, part } from '@/ui/part';
import { RangeMenu } from '@/ui/RangePicker';

// Parts of the frame that aren't on the first page that somebody sees.
export const AccountMenu = part(() => import('./AccountMenu'));
export const CommandPalette = part(() => import('./CommandPalette'), coming);
export const Dialogs = part(() => import('./Dialogs'), coming);
export const NarrowMenu = part(() => import('./NarrowMenu'));
export const Notices = part(() => import('./Notices'));
export const ShortcutSheet = part(() => import('./ShortcutSheet'), busy);

/** What is wanted soon, on any page. */
export const soon = [OpenMenu, OpenPopover, RangeMenu, Tip, AccountMenu, CommandPalette, Dialogs, Notices];
