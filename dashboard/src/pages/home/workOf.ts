/** What somebody should look at comes before what goes on, and that before what is over. */
const ORDER = ['dead', 'running', 'queued'];

type Operation = { id: string; status: string };

/** The operations to show: those that aren't over, in their order, and then the newest of the others, as long as there is room. */
export function workOf<Row extends Operation>(unfinished: readonly Row[], newest: readonly Row[], room: number): Row[] {
  const known = new Set(unfinished.map(({ id }) => id));
  const all = [...unfinished, ...newest.filter(({ id }) => !known.has(id))];
  const rank = ({ status }: Operation) => (ORDER.includes(status) ? ORDER.indexOf(status) : ORDER.length);
  return all.sort((one, other) => rank(one) - rank(other)).slice(0, room);
}
