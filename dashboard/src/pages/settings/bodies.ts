import type { ComponentType } from 'react';
import { busy, part } from '@/ui/part';

/** What stands in each section of the settings. */
export const BODIES: Record<string, ComponentType> = {
  account: part(() => import('./account/AccountSection'), busy),
  operators: part(() => import('./operators/OperatorsSection'), busy),
  modules: part(() => import('./modules/ModulesSection'), busy),
  secrets: part(() => import('./secrets/SecretsSection'), busy),
  streams: part(() => import('./streams/StreamsSection'), busy),
  health: part(() => import('./health/HealthSection'), busy),
  limits: part(() => import('./configuration/ConfigurationSection'), busy),
  clerk: part(() => import('./clerk/ClerkSection'), busy),
};
