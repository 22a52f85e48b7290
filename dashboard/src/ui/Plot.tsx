import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { drawn, type Pane } from './chart-data';
import { plotOptions } from './plot-options';

type PlotProps = {
  pane: Pane;
  at: readonly string[];
  /** How long a point is, in seconds. */
  length: number;
  width: number;
  /** Whether the axis of times is shown. */
  hasTimes: boolean;
  /** Where the cursor is. */
  place: number | null;
  onPlace: (place: number | null) => void;
  onChoose?: (first: number, last: number, event?: MouseEvent) => void;
};

/** One pane of a chart, drawn by uPlot. Made once; new data and another width are told to it. */
export function Plot({ pane, at, length, width, hasTimes, place, onPlace, onChoose }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const heard = useRef({ length, onPlace, onChoose });
  heard.current = { length, onPlace, onChoose };
  const height = (pane.height ?? 180) + (hasTimes ? 26 : 0);
  const shape = JSON.stringify([pane.kind, pane.stacked, height, hasTimes, onChoose !== undefined, pane.series.map((one) => [one.key, one.tone, one.colour])]);

  useEffect(() => {
    if (!host.current) return;
    const listeners = {
      length: () => heard.current.length,
      place: (next: number | null) => heard.current.onPlace(next),
      choose: onChoose && ((first: number, last: number, event?: MouseEvent) => heard.current.onChoose?.(first, last, event)),
    };
    const made = new uPlot(plotOptions(pane, host.current, { width, height }, hasTimes, listeners), dataOf(at, pane, length), host.current);
    plot.current = made;
    // The axes are drawn, not laid out: they take the font when it is there.
    void document.fonts.ready.then(() => plot.current === made && made.redraw(false, true));
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setSize({ width, height }), [width, height]);
  useEffect(() => plot.current?.setData(dataOf(at, pane, length)), [at, pane, length]);
  useEffect(() => {
    const self = plot.current;
    if (!self || self.cursor.idx === place) return;
    const moment = place === null ? undefined : self.data[0][place];
    self.setCursor({ left: moment === undefined ? -10 : self.valToPos(moment, 'x'), top: 0 }, false);
  }, [place]);

  return <div ref={host} style={{ height, cursor: onChoose ? 'pointer' : undefined }} />;
}

function dataOf(at: readonly string[], pane: Pane, length: number): uPlot.AlignedData {
  const values = drawn(pane);
  if (pane.stacked) values.reverse();
  return [at.map((moment) => Date.parse(moment) / 1000 + length / 2), ...values];
}
