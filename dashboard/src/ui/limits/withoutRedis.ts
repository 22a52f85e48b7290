/** What a limit does while Redis is away, in words. */
export const WITHOUT_REDIS: Record<string, string> = {
  local: 'Each server counts for itself',
  open: 'Everything passes',
  closed: 'What isn’t granted already is refused',
};

/** The same to choose from: a limit that declares nothing does as the configuration says. */
export const withoutRedisChoices = [{ value: '', label: 'As the configuration says' }, ...Object.entries(WITHOUT_REDIS).map(([value, label]) => ({ value, label }))];
