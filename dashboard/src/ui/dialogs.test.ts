import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeAllDialogs, closeDialog, dialogsNow, forgetDialog, openDialog } from './dialogs';

// Where the keyboard was is asked of the page.
beforeAll(() => vi.stubGlobal('document', { activeElement: null }));
afterAll(() => vi.unstubAllGlobals());

test('a dialog that is closed is on its way out until nobody sees it any more', () => {
  openDialog({ title: 'One', content: () => null });
  openDialog({ title: 'Two', content: () => null });
  const [one, two] = dialogsNow();
  expect([one?.title, two?.title]).toEqual(['One', 'Two']);
  closeDialog(two!.id);
  expect(dialogsNow().map(({ isOpen }) => isOpen)).toEqual([true, false]);
  forgetDialog(two!.id);
  expect(dialogsNow().map(({ title }) => title)).toEqual(['One']);
  // One that is open isn't forgotten.
  forgetDialog(one!.id);
  expect(dialogsNow()).toHaveLength(1);
  closeAllDialogs();
  expect(dialogsNow()).toEqual([]);
});
