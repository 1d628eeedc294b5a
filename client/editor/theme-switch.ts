import { themeOf } from '../canvas/theme.ts';
import type { App } from './app.ts';
import { colourRules } from './page-colours.ts';

const key = 'litegraph-diffusion.theme';

/** The theme that was chosen here before, else what the system prefers. */
export function preferredTheme(): 'dark' | 'light' {
  const kept = localStorage.getItem(key);
  if (kept === 'dark' || kept === 'light') return kept;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

/** Shows a theme on the page and the canvas. */
export function applyTheme(app: App, theme: 'dark' | 'light'): void {
  const colours = new CSSStyleSheet();
  colours.replaceSync(colourRules(themeOf(theme)));
  document.adoptedStyleSheets = [colours];
  document.documentElement.dataset.theme = theme;
  app.view.setTheme(theme);
  app.set({ theme });
}

/** Changes to the other theme and remembers it. */
export function switchTheme(app: App): void {
  const theme = app.state.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem(key, theme);
  applyTheme(app, theme);
}
