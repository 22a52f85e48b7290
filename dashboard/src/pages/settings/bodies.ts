import { type ComponentType, lazy } from 'react';

/** What stands in each section of the settings. */
export const BODIES: Record<string, ComponentType> = {
  account: lazy(() => import('./account/AccountSection')),
  operators: lazy(() => import('./operators/OperatorsSection')),
  modules: lazy(() => import('./modules/ModulesSection')),
  secrets: lazy(() => import('./secrets/SecretsSection')),
  streams: lazy(() => import('./streams/StreamsSection')),
  health: lazy(() => import('./health/HealthSection')),
  limits: lazy(() => import('./configuration/ConfigurationSection')),
  clerk: lazy(() => import('./clerk/ClerkSection')),
};
