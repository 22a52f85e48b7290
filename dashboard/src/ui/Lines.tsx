import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type ChartProps, colourOf } from './Chart';
import { compact } from './format';

/** The drawing of a chart. Loaded when the first one is shown. */
export default function Lines({ label, at, series, unit = compact, height = 180, kind = 'lines', onChoose }: ChartProps) {
  const { ref: sized, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  useEffect(() => {
    if (!host.current || width < 40) return;
    const ink = resolved(host.current, '--ink-2');
    const rule = resolved(host.current, '--rule');
    const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: '11px "IBM Plex Sans Variable", sans-serif' };
    const bars = kind === 'bars' ? uPlot.paths.bars!({ size: [0.72, 40] }) : undefined;
    const plot = new uPlot(
      {
        width,
        height,
        padding: [8, 4, 0, 0],
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        legend: { live: true },
        axes: [
          { ...axis, grid: { show: false }, space: 70, values: times },
          { ...axis, size: 58, space: 32, values: (_, splits) => splits.map((value) => unit(value)) },
        ],
        scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, 1) * 1.08] } },
        series: [
          { label: 'Time', value: (_, value) => (value == null ? '' : new Date(value * 1000).toLocaleString('en-GB')) },
          ...series.map((one, place) => {
            const colour = resolved(host.current!, colourOf(one, place).slice(4, -1));
            return {
              label: one.label,
              stroke: colour,
              width: kind === 'bars' ? 0 : 1.5,
              fill: kind === 'bars' ? colour : undefined,
              paths: bars,
              points: { show: false },
              value: (_: uPlot, value: number | null) => unit(value),
            };
          }),
        ],
        hooks: {
          ready: [
            (self) => {
              self.over.addEventListener('click', () => {
                if (self.cursor.idx != null) choose.current?.(self.cursor.idx);
              });
            },
          ],
        },
      },
      [at.map((moment) => Date.parse(moment) / 1000), ...series.map((one) => [...one.values])],
      host.current,
    );
    return () => plot.destroy();
  }, [at, series, unit, height, kind, width]);
  return (
    <div ref={sized} style={{ minHeight: height, minWidth: 0 }}>
      <div ref={host} role="img" aria-label={`${label}. Its numbers are in the table.`} style={{ cursor: onChoose ? 'pointer' : undefined }} />
    </div>
  );
}

const resolved = (element: Element, token: string) => getComputedStyle(element).getPropertyValue(token).trim();

/** Hours within a day, days beyond. */
function times(_: uPlot, splits: number[]): string[] {
  const long = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 36 * 3600;
  const format = new Intl.DateTimeFormat('en-GB', long ? { month: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' });
  return splits.map((split) => format.format(split * 1000));
}
