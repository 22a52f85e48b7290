const missing = new WeakSet<object>();

/** Notes that a part of the program couldn't be fetched, by what was thrown. */
export const noteMissing = (error: object) => void missing.add(error);

/** Whether this is thrown because a part of the program couldn't be fetched. */
export const isMissing = (error: unknown) => typeof error === 'object' && error !== null && missing.has(error);
