import type { Page } from '@/app/page';
import { home } from '@/pages/home/page';
import { customers } from '@/pages/customers/page';
import { usage } from '@/pages/usage/page';
import { operations } from '@/pages/operations/page';
import { audit } from '@/pages/audit/page';
import { settings } from '@/pages/settings/page';

/** The pages, in the order of the navigation. */
export const pages: readonly Page[] = [home, customers, usage, operations, audit, settings];
