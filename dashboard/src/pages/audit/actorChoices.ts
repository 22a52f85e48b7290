const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whom to choose from: those whose names are known, and by the id whoever else is chosen or typed. */
export function actorChoices(names: ReadonlyMap<string, string>, chosen: string | undefined, typed: string): { value: string; label: string }[] {
  const choices = new Map([['bootstrap', 'The configured token'], ...names]);
  const id = typed.trim().toLowerCase();
  for (const other of [chosen, ID.test(id) ? id : undefined]) if (other && !choices.has(other)) choices.set(other, other);
  return [...choices].map(([value, label]) => ({ value, label }));
}
