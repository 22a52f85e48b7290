import type { Schema } from '@/api/client';
import type { Said } from '@/ui/ChangedMeanwhile';

/** What may be changed, and the longest that the API takes of it. */
export const TEXTS = {
  company_name: { label: 'Company name', longest: 200, required: true },
  billing_email: { label: 'Billing address', longest: 254, required: false },
  industry: { label: 'Industry', longest: 100, required: false },
  company_size: { label: 'Company size', longest: 100, required: false },
  clerk_org_id: { label: 'Clerk organization', longest: 200, required: false },
} as const;
export type Field = keyof typeof TEXTS;
export type Values = Record<Field | 'timezone', string>;
export const FIELDS = Object.keys(TEXTS) as Field[];

/** What the form holds of a customer. */
export const valuesOf = (customer: Schema<'CustomerDetails'>): Values => ({
  company_name: customer.company_name,
  billing_email: customer.billing_email ?? '',
  industry: customer.industry ?? '',
  company_size: customer.company_size ?? '',
  clerk_org_id: customer.clerk_org_id ?? '',
  timezone: customer.timezone,
});

/** What the fields are called, and what the customer has there. */
export const wordsOf = (now: Values): Record<keyof Values, Said> => ({
  company_name: [TEXTS.company_name.label, now.company_name],
  billing_email: [TEXTS.billing_email.label, now.billing_email],
  industry: [TEXTS.industry.label, now.industry],
  company_size: [TEXTS.company_size.label, now.company_size],
  clerk_org_id: [TEXTS.clerk_org_id.label, now.clerk_org_id],
  timezone: ['Time zone', now.timezone],
});
