import type { Entry, Page } from '@/app/page';
import { home } from '@/pages/home/page';
import { customer } from '@/pages/customer/page';
import { customers } from '@/pages/customers/page';
import { usage } from '@/pages/usage/page';
import { operations } from '@/pages/operations/page';
import { audit } from '@/pages/audit/page';
import { settings } from '@/pages/settings/page';

/** The pages, in the order of the navigation. */
export const pages: readonly Page[] = [home, customers, customer, usage, operations, audit, settings];

/** Those of them that stand in the navigation. */
export const listed = pages.filter((page): page is Page & { entry: Entry } => page.entry !== undefined);
