import { Empty } from './Empty';

/** In the place of rows, when the filter names what isn't there; what is wrong with it stands at its field. */
export const RefusedFilter = () => <Empty title="The filter names what isn’t there">Change what is marked above, or show all.</Empty>;
