import { type Column, DataTable } from '@/ui/DataTable';
import classes from '../Settings.module.css';
import type { Setting } from './facts';

const COLUMNS: readonly Column<Setting>[] = [
  { id: 'name', header: 'Setting', cell: (row) => row.name, width: '38%' },
  { id: 'value', header: 'Value', cell: (row) => <span className={classes.value}>{row.value}</span> },
  { id: 'variable', header: 'Set by', cell: (row) => (row.variable ? <code className={classes.variable}>{row.variable}</code> : <span className={classes.variable}>{row.where ?? 'Built in'}</span>), width: '32%', wide: true },
];

/** Settings with the variables that set them. */
export const SettingsTable = ({ label, settings }: { label: string; settings: readonly Setting[] }) => (
  <DataTable label={label} columns={COLUMNS} rows={settings} rowKey={(row) => row.name} />
);
