import type { Right } from '@/session/session';

/** A part of the settings: one folder, an entry here, and its content in `bodies.ts`. */
export type Section = {
  key: string;
  label: string;
  note: string;
  /** The right without which it isn't offered; everybody who is signed in sees one without. */
  right?: Right;
};

/** The sections, in groups, as the list shows them. */
export const GROUPS: readonly { label: string; sections: readonly Section[] }[] = [
  {
    label: 'You',
    sections: [
      { key: 'account', label: 'Your account', note: 'Your sessions, API tokens, password and recovery codes' },
    ],
  },
  {
    label: 'People',
    sections: [
      { key: 'operators', label: 'Operators', note: 'Who works on the platform, and what each role may do', right: 'operators:read' },
    ],
  },
  {
    label: 'Product',
    sections: [
      { key: 'modules', label: 'Modules and prices', note: 'The price list, and which plan includes what', right: 'customers:read' },
    ],
  },
  {
    label: 'Security',
    sections: [
      { key: 'secrets', label: 'Secrets and keys', note: 'Where master keys are, how old they are, and what they wrap; never a key itself', right: 'secrets:read' },
      { key: 'streams', label: 'Audit streams', note: 'To whom the audit log is told as it is written', right: 'audit:read' },
    ],
  },
  {
    label: 'System',
    sections: [
      { key: 'health', label: 'Health', note: 'How every part fares, as far as it is really known' },
      { key: 'limits', label: 'Limits and configuration', note: 'What this server was started with' },
      { key: 'clerk', label: 'Clerk', note: 'What the identity provider told, and whether all of it is done', right: 'clerk:read' },
    ],
  },
];

/** All sections. */
export const SECTIONS = GROUPS.flatMap((group) => group.sections);
