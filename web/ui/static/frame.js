/** What every page has around it: its header, its footer, the key's dialog, words for ears. */

import { html, render } from "./vendor/lit-html/lit-html.js";
import { key } from "./api.js";
import { config } from "./config.js";
import { keeper } from "./memory.js";
import { chooseLanguage, language, say } from "./texts.js";
import { icon } from "./icons.js";
import { askForKey, keyDialog } from "./dialogs.js";

const theme = keeper(() => localStorage, "ytcaption.theme");
const app = document.getElementById("app");
const THEMES = ["auto", "light", "dark"];
const PAGES = [
  { name: "submit", href: "/" },
  { name: "jobs", href: "/ui/jobs" },
  { name: "operator", href: "/ui/operator" },
];

/**
 * Draw a page and return a function that draws it again, at most once per frame.
 *
 * @param {string} name Which page this is.
 * @param {() => unknown} view Its contents, as a template.
 * @param {() => void} onKey Is called when the API key has changed.
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
  document.title = `${say(`nav.${name}`)} · YTCaption`;
  draw();
  return drawSoon;
}

/** @param {string} text Is read out to those who do not see the page. */
export function announce(text) {
  const told = document.getElementById("told");
  if (told) told.textContent = text;
}

/**
 * @param {string} name
 * @param {unknown} contents
 * @param {() => void} redraw
 * @param {() => void} askKey
 */
function frame(name, contents, redraw, askKey) {
  return html`
    <a class="skip" href="#main">${say("nav.skip")}</a>
    <header class="top">
      <a class="brand" href="/">${icon("brand")}<span>YTCaption</span></a>
      <nav aria-label=${say("nav.label")}>
        ${PAGES.map(
          (page) =>
            html`<a href=${page.href} aria-current=${page.name === name ? "page" : "false"}
              >${say(`nav.${page.name}`)}</a
            >`,
        )}
      </nav>
      <div class="switches">${languageSwitch()} ${themeSwitch(redraw)} ${keyButton(askKey)}</div>
    </header>
    <main id="main" tabindex="-1" class=${`page-${name}`}>${contents}</main>
    <footer class="bottom">
      <span>YTCaption ${config.version}</span>
      <a href="/docs">${say("nav.docs")}</a>
    </footer>
    <div id="told" class="unseen" role="status" aria-live="polite"></div>
    ${keyDialog()}
  `;
}

function languageSwitch() {
  const other = language === "pt" ? "en" : "pt";
  const change = () => {
    chooseLanguage(other);
    location.reload();
  };
  return html`<button class="quiet" lang=${other} aria-label=${say("switch.language")} @click=${change}>
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
  const label = say("switch.theme", { theme: say(`theme.${now}`) });
  return html`<button class="quiet" aria-label=${label} title=${label} @click=${change}>
    ${icon(now)}
  </button>`;
}

/** @param {() => void} askKey */
function keyButton(askKey) {
  const label = key.get() ? say("key.change") : say("key.enter");
  return html`<button class="quiet" aria-label=${label} title=${label} @click=${askKey}>
    ${icon(key.get() ? "key" : "nokey")}
  </button>`;
}
