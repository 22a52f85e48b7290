/** Keys, tokens and sessions, by how they begin; at least as long as what lists show of one. */
const SECRET = /\b((?:sk|op|os|oc)_\w{8})\w+/g;

/** What was typed, with every whole key or token cut to what lists show of it: a secret has no business in an address. */
export const shownPart = (typed: string) => typed.replace(SECRET, '$1');
