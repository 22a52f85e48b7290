import type { Schema } from '@/api/client';
import { LONGEST_ID, wrongId } from '@/api/customerId';
import { wrongEmail, wrongName } from '@/api/fieldRules';

/** What the form of a sign-up holds. */
export type SignUpValues = {
  name: string;
  customer_id: string;
  email: string;
  plan: string;
  /** The plan's when null. */
  modules: string[] | null;
  timezone: string;
};

/** The module that every customer has. */
export const CORE = 'crm_core';

/** The zones that a browser knows; UTC isn't always among them. */
export const zones: readonly string[] = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

/** An empty form. */
export const emptySignUp: SignUpValues = {
  name: '',
  customer_id: '',
  email: '',
  plan: 'pro',
  modules: null,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
};

/** The API's rules. */
export const rules = {
  name: (name: string) => wrongName(name, 200),
  customer_id: wrongId,
  email: wrongEmail,
  timezone: (zone: string) => (zone ? null : 'must be an IANA time zone such as UTC or Europe/Berlin'),
};

/** A customerId made of a company's name. */
export const idOf = (name: string) =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_ID)
    .replaceAll(/^-+|-+$/g, '');

/** The values as the API takes them. */
export const bodyOf = (values: SignUpValues): Schema<'NewCustomerBody'> => ({
  customer_id: values.customer_id,
  name: values.name.trim(),
  email: values.email.trim(),
  plan: values.plan,
  timezone: values.timezone,
  ...(values.modules && { modules: values.modules }),
});
