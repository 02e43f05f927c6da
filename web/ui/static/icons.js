/** Decorative line icons. */

import { html, svg } from "./vendor/lit-html/lit-html.js";

const SHAPES = {
  brand: svg`<rect class="solid" x="1" y="1" width="22" height="22" rx="6"/><path class="inverse" d="M6.5 8.5h11M6.5 12.3h7.5M6.5 16h5"/>`,
  auto: svg`<circle cx="12" cy="12" r="8"/><path class="solid" d="M12 4a8 8 0 0 1 0 16z"/>`,
  light: svg`<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"/>`,
  dark: svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>`,
  key: svg`<circle cx="8" cy="15" r="4"/><path d="m11 12 8-8M16 7l3 3"/>`,
  nokey: svg`<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 7.7-1.5"/>`,
  file: svg`<path d="M12 16V4M7 9l5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3"/>`,
  copy: svg`<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1"/>`,
  save: svg`<path d="M12 4v11M7 11l5 5 5-5M4 20h16"/>`,
  done: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  failed: svg`<path d="M12 7v6M12 16.5v.5"/><circle cx="12" cy="12" r="9"/>`,
  none: svg`<path d="M6 12h12"/>`,
  wait: svg`<circle cx="12" cy="12" r="8"/><path d="M12 8v4l2.5 1.5"/>`,
  up: svg`<path d="m6 14 6-6 6 6"/>`,
  down: svg`<path d="m6 10 6 6 6-6"/>`,
  cross: svg`<path d="M6 6l12 12M18 6 6 18"/>`,
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${SHAPES[name]}</svg>`;
}
