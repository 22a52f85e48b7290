const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean);
/** A name as it was meant: the palette itself writes “acme: Suspend or resume”. */
const bare = (word: string) => word.replace(/[:,]+$/, '');

/** Whether a label has all the words, in whatever order. */
export function fits(query: string): (label: string) => boolean {
  const parts = wordsOf(query);
  return (label) => parts.every((part) => label.toLowerCase().includes(part));
}

/** What joins the others, and is no part of an act's or anybody’s name: “suspend the customer acme”. */
const JOINS = new Set(['a', 'an', 'for', 'of', 'the', 'to', 'customer']);

/**
 * What is left of a query once the words of acts are taken away, to be looked for as somebody's name: of “suspend acme”, acme. Empty
 * when nothing is taken away or nothing is left, and the query as a whole says it all.
 */
export function askedOf(query: string, labels: readonly string[]): { act: string; name: string } {
  const words = wordsOf(query);
  const known = labels.flatMap((label) => label.toLowerCase().split(/[^a-z]+/).filter(Boolean));
  const meant = words.filter((word) => !JOINS.has(word));
  const isAct = (word: string) => known.some((one) => one.startsWith(word));
  const acts = meant.filter(isAct);
  const names = meant.filter((word) => !isAct(word)).map(bare);
  // A customer may be called as an act is: “suspend data”.
  const name = names.length > 0 ? names : meant.slice(1).map(bare);
  if (acts.length === 0 || name.length === 0) return { act: '', name: '' };
  return { act: acts.join(' '), name: name.join(' ') };
}
