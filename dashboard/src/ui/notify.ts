import { notifications } from '@mantine/notifications';
import { problemOf } from '@/api/problem';

/** Says that something was done. */
export function say(title: string, message = '') {
  notifications.show({ title, message, color: 'petrol', autoClose: 5000 });
}

/** Says that something failed, and why. */
export function complain(error: unknown) {
  const { title, detail, instance } = problemOf(error);
  notifications.show({ title, message: instance ? `${detail} (request ${instance})` : detail, color: 'red', autoClose: 12_000 });
}
