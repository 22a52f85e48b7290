/** What a key may do, as one choice; `chosen` are permissions one by one. */
export const ACCESS = {
  everything: { label: 'Everything', permissions: ['read:*', 'write:*', 'execute:*'] },
  'read-write': { label: 'Read and write', permissions: ['read:*', 'write:*'] },
  read: { label: 'Only read', permissions: ['read:*'] },
  chosen: { label: 'Chosen', permissions: [] },
} as const;

export type Access = keyof typeof ACCESS;

const FORM = /^(read|write|execute):(\*|[a-z_-]{1,64})$/;

// The customer API's resources; others can be typed.
const RESOURCES = ['activities', 'calendar_events', 'contacts', 'deals', 'organizations', 'smart_task_templates', 'tasks', 'users', 'workflows'];

/** Permissions to choose from. */
export const SUGGESTED = [
  'read:*',
  'write:*',
  'execute:*',
  ...RESOURCES.flatMap((resource) => [`read:${resource}`, `write:${resource}`]),
  'execute:workflows',
];

/** What is wrong with these, as the API says it; null when nothing is. */
export function wrongPermissions(permissions: readonly string[]): string | null {
  if (permissions.length === 0) return 'must not be empty: a key without permissions can do nothing';
  const wrong = permissions.find((permission) => !FORM.test(permission));
  return wrong === undefined ? null : `${wrong}: must look like read:contacts, write:* or execute:workflows`;
}

/** The choice that these permissions are. */
export function accessOf(permissions: readonly string[]): Access {
  const names = Object.keys(ACCESS) as Access[];
  const same = (name: Access) => [...ACCESS[name].permissions].sort().join() === [...permissions].sort().join();
  return names.find((name) => name !== 'chosen' && same(name)) ?? 'chosen';
}

/** Permissions in few words. */
export function permissionsInWords(permissions: readonly string[]): string {
  const access = accessOf(permissions);
  return access === 'chosen' ? permissions.join(', ') : ACCESS[access].label;
}
