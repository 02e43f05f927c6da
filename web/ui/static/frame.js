/** The frame of every page: header, footer, key dialog and announcements for screen readers. */

import { html, render } from "./vendor/lit-html/lit-html.js";
import { key } from "./api.js";
import { config } from "./config.js";
import { storedValue } from "./storage.js";
import { chooseLanguage, language, translate } from "./texts.js";
import { icon } from "./icons.js";
import { askForKey, keyDialog } from "./dialogs.js";

const theme = storedValue(() => localStorage, "ytcaption.theme");
const app = document.getElementById("app");
const THEMES = ["auto", "light", "dark"];
const PAGES = [
  { name: "submit", href: "/" },
  { name: "jobs", href: "/ui/jobs" },
  { name: "operator", href: "/ui/operator" },
];

/**
 * Render a page and return a function that renders it again, at most once per animation frame.
 *
 * @param {string} name Name of the page.
 * @param {() => unknown} view Returns the page's template.
 * @param {() => void} onKey Called after the API key has changed.
 * @returns {() => void}
 */
export function openPage(name, view, onKey) {
  let isDue = false;
  const askKey = async () => {
    if (await askForKey()) onKey();
    drawSoon();
  };
  const draw = () => {
    isDue = false;
    render(frame(name, view(), drawSoon, askKey), app);
  };
  const drawSoon = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(draw);
  };
  document.title = `${translate(`nav.${name}`)} · YTCaption`;
  draw();
  return drawSoon;
}

/** @param {string} text Announced by screen readers. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/**
 * @param {string} name
 * @param {unknown} contents
 * @param {() => void} redraw
 * @param {() => void} askKey
 */
function frame(name, contents, redraw, askKey) {
  return html`
    <a class="skip" href="#main">${translate("nav.skip")}</a>
    <header class="top">
      <a class="brand" href="/">${icon("brand")}<span>YTCaption</span></a>
      <nav aria-label=${translate("nav.label")}>
        ${PAGES.map(
          (page) =>
            html`<a href=${page.href} aria-current=${page.name === name ? "page" : "false"}
              >${translate(`nav.${page.name}`)}</a
            >`,
        )}
      </nav>
      <div class="switches">${languageSwitch()} ${themeSwitch(redraw)} ${keyButton(askKey)}</div>
    </header>
    <main id="main" tabindex="-1" class=${`page-${name}`}>${contents}</main>
    <footer class="bottom">
      <span>YTCaption ${config.version}</span>
      <a href="/docs">${translate("nav.docs")}</a>
    </footer>
    <div id="announcer" class="visually-hidden" role="status" aria-live="polite"></div>
    ${keyDialog()}
  `;
}

function languageSwitch() {
  const other = language === "pt" ? "en" : "pt";
  const change = () => {
    chooseLanguage(other);
    location.reload();
  };
  return html`<button class="quiet" lang=${other} aria-label=${translate("switch.language")} @click=${change}>
    ${other.toUpperCase()}
  </button>`;
}

/** @param {() => void} redraw */
function themeSwitch(redraw) {
  const now = document.documentElement.dataset.theme ?? "auto";
  const change = () => {
    const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    theme.set(next === "auto" ? null : next);
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    redraw();
  };
  const label = translate("switch.theme", { theme: translate(`theme.${now}`) });
  return html`<button class="quiet" aria-label=${label} title=${label} @click=${change}>
    ${icon(now)}
  </button>`;
}

/** @param {() => void} askKey */
function keyButton(askKey) {
  const label = key.get() ? translate("key.change") : translate("key.enter");
  return html`<button class="quiet" aria-label=${label} title=${label} @click=${askKey}>
    ${icon(key.get() ? "key" : "nokey")}
  </button>`;
}
