/** An age at which a key is worth rotating, in days. */
export const OLD = 365;
