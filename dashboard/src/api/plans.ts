/** The plans, from the smallest to the largest. */
export const PLANS = ['starter', 'pro', 'enterprise'] as const;

export type PlanName = (typeof PLANS)[number];
