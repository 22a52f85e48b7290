import uPlot from 'uplot';
import { colourOf, type Pane, unitOf } from './chart-data';
import { axisLabels } from './moments';

/** Counts have no halves: their axis goes in whole steps. */
const WHOLE_STEPS = [1, 2, 5].flatMap((step) => Array.from({ length: 12 }, (_, power) => step * 10 ** power)).sort((a, b) => a - b);

export type PlotSize = { width: number; height: number };

type Heard = {
  /** How long a point is, in seconds. */
  length: () => number;
  place: (place: number | null) => void;
  /** Left out when nothing can be chosen. */
  choose?: (first: number, last: number, event?: MouseEvent) => void;
};

/** What uPlot is told about a pane. Colours are taken from the tokens as they hold at `host`. */
export function plotOptions(pane: Pane, host: Element, size: PlotSize, hasTimes: boolean, heard: Heard): uPlot.Options {
  const token = (name: string) => getComputedStyle(host).getPropertyValue(name).trim();
  const unit = unitOf(pane);
  const isBars = pane.kind === 'bars';
  const font = `11px ${token('--font-text')}`;
  const axis = { stroke: token('--ink-2'), ticks: { show: false }, font };
  const series = pane.series.map((one, place): uPlot.Series => {
    const colour = token(colourOf(one, place).slice(4, -1));
    if (isBars) return { label: one.label, width: 0, fill: colour, points: { show: false }, paths: uPlot.paths.bars!({ size: [0.8, 64], gap: 0 }) };
    const paths = pane.kind === 'steps' ? uPlot.paths.stepped!({ align: 1 }) : undefined;
    return { label: one.label, paths, stroke: colour, width: 1.5, points: { show: true, size: 4, width: 0, fill: colour, filter: lonely } };
  });
  let dragged = false;
  // What stands on others is drawn first: the others are drawn over its foot.
  if (pane.stacked) series.reverse();
  return {
    ...size,
    padding: [10, 16, hasTimes ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: !isBars, size: 7 },
      drag: { x: heard.choose !== undefined, y: false, setScale: false, dist: 8, click: () => {} },
      // The line stands on the moment whose values are told, not between two.
      move: (self, left, top) => (left < 0 ? [left, top] : [self.valToPos(self.data[0][self.posToIdx(left)] ?? 0, 'x'), top]),
    },
    axes: [
      { ...axis, show: hasTimes, size: 26, gap: 6, grid: { show: false }, space: 64, values: (_, splits, __, ___, apart) => axisLabels(splits, apart) },
      {
        ...axis, size: 60, gap: 8, space: 26, grid: { stroke: token('--rule'), width: 1 },
        incrs: pane.kind === 'lines' || !pane.kind ? undefined : WHOLE_STEPS,
        values: (_, splits) => splits.map((value) => unit(value)),
      },
    ],
    scales: {
      x: { range: (self) => wholePoints(self, heard.length()) },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.06] },
    },
    series: [{}, ...series],
    hooks: {
      setCursor: [(self) => heard.place(self.cursor.idx ?? null)],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width <= 0) return;
          dragged = true;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          heard.choose?.(self.posToIdx(left), self.posToIdx(left + width));
        },
      ],
      ready: [
        (self) => {
          self.over.addEventListener('mousedown', () => (dragged = false));
          self.over.addEventListener('click', (event) => {
            const { idx } = self.cursor;
            if (idx != null && !dragged) heard.choose?.(idx, idx, event);
          });
        },
      ],
    },
  };
}

/** Moments are drawn in the middle of their points; the axis goes from the beginning of the first to the end of the last. */
function wholePoints(self: uPlot, length: number): [number, number] {
  const [moments] = self.data;
  const first = moments[0] ?? 0;
  return [first - length / 2, (moments.at(-1) ?? first) + length / 2];
}

/** Values with nothing at either side: no line would go through them. */
function lonely(self: uPlot, series: number): number[] {
  const values = self.data[series] ?? [];
  const places: number[] = [];
  for (let place = 0; place < values.length; place += 1) {
    if (values[place] != null && values[place - 1] == null && values[place + 1] == null) places.push(place);
  }
  return places;
}
