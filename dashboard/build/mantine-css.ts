import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Which rules win over which, whatever the order in which style sheets arrive: what stands later, and our own above all. */
const LAYERS = '@layer base, mantine-roots, mantine;\n';

// What other components are made of: theirs come after, wherever they are loaded.
const ROOTS = /\/(UnstyledButton|CloseButton|Text|Paper|Input|InlineInput|Popover|Combobox|ModalBase|Group|Loader|ScrollArea|FloatingIndicator)\.layer\.css$/;

const STUB = /node_modules\/@mantine\/(core|notifications|spotlight)\/esm\/(?:.*\/)?(\w+)\.module\.mjs$/;

/**
 * Mantine's styles, each with the component that it is for: a page loads those of the components on it, and not the whole
 * sheet. Mantine's components name their classes in a module of their own, which brings the style sheet with it here.
 */
export function mantineCss(): Plugin {
  let whole = false;
  return {
    name: 'mantine-css',
    enforce: 'pre',
    configResolved: ({ command }) => {
      // While pages are worked on, Mantine is bundled by other means, which knows no plugins: then it is the whole sheet.
      whole = command === 'serve';
    },
    transform(code, id) {
      const path = id.split('?')[0] ?? id;
      if (path.endsWith('.layer.css') && path.includes('/@mantine/')) return LAYERS + (ROOTS.test(path) ? code.replaceAll('@layer mantine ', '@layer mantine-roots ') : code);
      if (path.endsWith('/src/theme/base.css')) return LAYERS + code;
      if (whole && path.endsWith('/src/main.tsx')) {
        return ['core', 'notifications', 'spotlight'].map((part) => `import '@mantine/${part}/styles.layer.css';\n`).join('') + code;
      }
      const [, part, name] = STUB.exec(path) ?? [];
      if (!part) return null;
      const sheet = part === 'core' ? `@mantine/core/styles/${name}.layer.css` : `@mantine/${part}/styles.layer.css`;
      // A component that is told of styles which aren't there would be seen without them: better no build.
      if (!existsSync(fileURLToPath(new URL(`../node_modules/${sheet}`, import.meta.url)))) throw new Error(`Mantine has no ${sheet}`);
      return { code: `import '${sheet}';\n${code}` };
    },
  };
}
