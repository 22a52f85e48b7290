import { Notifications } from '@mantine/notifications';

/** The corner in which is said what was done and what failed. */
export default function Notices() {
  return <Notifications position="bottom-right" limit={4} />;
}
