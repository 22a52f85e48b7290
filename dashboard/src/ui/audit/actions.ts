import { words } from '@/ui/format';

// What the audit log can say, by what it concerns. The server knows the same names, and refuses others.
const ACTIONS: Record<string, readonly string[]> = {
  Customers: ['customer_created', 'customer_updated', 'customer_suspended', 'customer_resumed', 'customer_deleted', 'customer_provisioning_failed'],
  Subscriptions: ['subscription_upgraded', 'subscription_downgraded', 'subscription_canceled', 'subscription_expired'],
  Modules: ['module_enabled', 'module_disabled', 'module_changed'],
  'API keys': ['api_key_created', 'api_key_updated', 'api_key_rotated', 'api_key_revoked', 'api_key_expired', 'api_key_used', 'ai_key_added', 'ai_key_removed'],
  'In a customer’s place': ['impersonation_started', 'impersonation_ended'],
  Databases: ['credentials_revealed', 'credentials_rotated', 'backup_created', 'backup_restored'],
  Operations: ['operation_retried', 'operation_canceled'],
  Operators: [
    'operator_created', 'operator_updated', 'operator_signed_in', 'operator_password_changed', 'operator_second_factor_changed',
    'operator_session_ended', 'operator_token_created', 'operator_token_revoked', 'saved_view_created', 'saved_view_updated', 'saved_view_deleted',
  ],
  Platform: [
    'access_denied', 'master_key_rotated', 'master_key_retired', 'data_key_rotated', 'audit_stream_created', 'audit_stream_updated', 'audit_stream_deleted',
    'certificate_authorities_changed', 'server_certificate_issued',
  ],
};

const SPELLED: Record<string, string> = { api: 'API', ai: 'AI' };

/** An action in words: API key created. */
export const actionName = (action: string) => words(action).replace(/^(Api|Ai)\b/, (word) => SPELLED[word.toLowerCase()] ?? word);

/** All actions, for a list to choose from. */
export const ACTION_GROUPS = Object.entries(ACTIONS).map(([group, actions]) => ({
  group,
  items: actions.map((value) => ({ value, label: actionName(value) })),
}));

/** What is worth a second look: refusals, what was taken away, what was revealed, whose signature counts. */
export function feelOf(action: string): 'bad' | 'warn' | undefined {
  if (action === 'access_denied' || action === 'customer_deleted' || action === 'customer_provisioning_failed') return 'bad';
  if (/revealed|impersonation_started|suspended|revoked|removed|disabled$|authorities_changed/.test(action)) return 'warn';
  return undefined;
}
