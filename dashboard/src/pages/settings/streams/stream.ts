import type { Schema } from '@/api/client';

/** A stream of the audit log, without what it proves itself with. */
export type Stream = Schema<'AuditStreamView'>;

/** The listing of the streams. */
export const STREAMS = '/api/admin/audit-streams';
