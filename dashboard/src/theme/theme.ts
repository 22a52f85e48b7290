import { createTheme, type CSSVariablesResolver, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core';

// Mantine wants ten shades of a colour; what is seen comes from tokens.css through the variables below.
const petrol: MantineColorsTuple = [
  '#eaf5f6', '#d6e8ea', '#a9d0d5', '#7cc9d4', '#4f9fab', '#2f8290', '#1c6c79', '#0f5964', '#0b454e', '#072f36',
];

// The greys of borders and surfaces that have no variable of their own: warm in light, inky in dark.
const gray: MantineColorsTuple = [
  '#f8f6f1', '#f1eee6', '#e6e2d8', '#dbd6ca', '#c9c4b6', '#a8a497', '#7f7c72', '#5c5a53', '#3a3a36', '#22231f',
];
const dark: MantineColorsTuple = [
  '#e9e6dd', '#c9cbc9', '#949da1', '#6b757a', '#3a464d', '#273036', '#1c2429', '#151b1f', '#0f1417', '#0b0f12',
];

// What destroys, in the brick of `--bad`.
const red: MantineColorsTuple = [
  '#fbeeea', '#f7dfd8', '#f5b9ab', '#f3937f', '#e0705a', '#cc4f38', '#b53a26', '#9c2b1b', '#7f2114', '#5f180e',
];

// Mantine's head of a dialog is a <header>, which would be a second banner of the page; and its button has no name.
const dialog = { attributes: { header: { role: 'presentation' } }, closeButtonProps: { 'aria-label': 'Close' } };

/** Where menus and lists float. They belong to the page: outside of it, whoever goes by landmarks would never come to them. */
export const FLOATING = 'floating';
const portalProps = { target: `#${FLOATING}` };
// A list scrolls itself: Mantine's scroll area in it is reached by nobody who has no mouse.
const list = { withScrollArea: false, comboboxProps: { shadow: 'md', portalProps } } as const;
const listStyles = { options: { maxHeight: 240, overflowY: 'auto' } } as const;

/** Mantine's components in our tokens. */
export const theme = createTheme({
  colors: { petrol, gray, dark, red },
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  // Mantine takes the text on the accent for white in both schemes.
  variantColorResolver: (asked) => {
    const colors = defaultVariantColorsResolver(asked);
    if (asked.variant !== 'filled') return colors;
    const color = asked.color ?? asked.theme.primaryColor;
    if (color === 'red') return { ...colors, color: 'var(--on-bad)' };
    return color === asked.theme.primaryColor ? { ...colors, color: 'var(--on-accent)' } : colors;
  },
  fontFamily: 'var(--font-text)',
  fontFamilyMonospace: 'var(--font-mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '15px', xl: '20px' },
  radius: { xs: '2px', sm: '4px', md: '4px', lg: '6px', xl: '8px' },
  defaultRadius: 'sm',
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  headings: { fontFamily: 'var(--font-text)', fontWeight: '600' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: { styles: listStyles, defaultProps: { size: 'sm', ...list } },
    MultiSelect: { styles: listStyles, defaultProps: { size: 'sm', ...list } },
    Autocomplete: { styles: listStyles, defaultProps: { size: 'sm', ...list } },
    Checkbox: { defaultProps: { iconColor: 'var(--on-accent)' } },
    Radio: { defaultProps: { iconColor: 'var(--on-accent)' } },
    TagsInput: { styles: listStyles, defaultProps: { size: 'sm', ...list } },
    Modal: { styles: { title: { fontWeight: 600 } }, defaultProps: { ...dialog, centered: false, radius: 'md', overlayProps: { backgroundOpacity: 0.45 } } },
    Drawer: { styles: { title: { fontWeight: 600 } }, defaultProps: { ...dialog, overlayProps: { backgroundOpacity: 0.45 } } },
    Notification: { styles: { root: { background: 'var(--sheet)' }, description: { color: 'var(--ink-2)' } }, defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Tooltip: { defaultProps: { portalProps, openDelay: 250, withArrow: true, events: { hover: true, focus: true, touch: true } } },
    // The first item has the keyboard when a menu opens, not a placeholder that no menu may have.
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', portalProps, withInitialFocusPlaceholder: false } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

const shared = {
  '--mantine-color-body': 'var(--paper)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-bright': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-default': 'var(--sheet)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--rule-strong)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-primary-color-light': 'var(--accent-soft)',
  '--mantine-primary-color-light-hover': 'var(--accent-soft)',
  '--mantine-primary-color-light-color': 'var(--accent)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
  '--mantine-color-petrol-filled': 'var(--accent)',
  '--mantine-color-petrol-filled-hover': 'var(--accent-hover)',
  '--mantine-color-petrol-light': 'var(--accent-soft)',
  '--mantine-color-petrol-light-color': 'var(--accent)',
  '--mantine-color-petrol-text': 'var(--accent)',
  '--mantine-color-red-filled': 'var(--bad)',
  '--mantine-color-red-filled-hover': 'var(--bad-hover)',
  '--mantine-color-red-light': 'var(--bad-soft)',
  '--mantine-color-red-light-hover': 'var(--bad-soft)',
  '--mantine-color-red-text': 'var(--bad)',
  '--mantine-color-red-light-color': 'var(--bad)',
  '--mantine-color-gray-text': 'var(--ink-2)',
  '--mantine-color-gray-light-color': 'var(--ink-2)',
};

/** Our tokens under Mantine's names, in both schemes. */
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
