import { exactTime, words } from './format';

const PARTS: Record<string, string> = { usage: 'Usage records', start_up: 'Server', jobs: 'Background jobs' };

/** What people call a part of the platform. */
export const partName = (name: string) => PARTS[name] ?? words(name);

/** The server's sentences name moments as programs do. */
const MOMENT = /(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** A sentence of the server's in pieces: text, and every second one a moment. */
export const piecesOf = (detail: string): string[] => detail.split(MOMENT);

/** The same with its moments as people write them. */
export const spoken = (detail: string) => piecesOf(detail).map((piece, place) => (place % 2 === 1 ? exactTime(piece) : piece)).join('');
