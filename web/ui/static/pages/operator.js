/** The operator's page: services, queues, workers and what fails. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, getJson } from "../api.js";
import { config } from "../config.js";
import { openPage } from "../frame.js";
import { loadingNotice, problemNotice } from "../notices.js";
import { say, sayOr, writeAge, writeDuration, writeInstant, writeNumber } from "../texts.js";

const REFRESH_MS = 3000;
const SILENT_S = 8; // a worker's heartbeat is gone after that

const state = {
  /** @type {any} */ health: null,
  /** @type {any} */ stats: null,
  /** @type {any} `null` where this server does not tell. */ work: null,
  /** @type {ApiError | null} */ error: null,
};

const redraw = openPage("operator", view, load);
load();
setInterval(() => {
  if (!document.hidden) load();
}, REFRESH_MS);

async function load() {
  try {
    state.health = await getJson("/health", { accept: [503] });
    redraw();
    [state.stats, state.work] = await Promise.all([getJson("/admin/stats"), loadWork()]);
    state.error = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.error = error;
  }
  redraw();
}

async function loadWork() {
  try {
    return await getJson("/admin/workers");
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function view() {
  const { health, stats, work, error } = state;
  return html`
    <div class="heading">
      <h1>${say("operator.title")}</h1>
      <p class="links">
        ${config.flowerUrl
          ? html`<a href=${config.flowerUrl} target="_blank" rel="noopener noreferrer">Flower</a>`
          : nothing}
        <a href="/docs">${say("nav.docs")}</a>
      </p>
    </div>
    ${problemNotice(error, load)} ${!health && !error ? loadingNotice() : nothing}
    ${health ? healthView(health, work?.breakers ?? health.breakers) : nothing}
    ${stats ? figures(stats, work) : nothing}
    ${work ? html`${queues(work.queues)} ${workers(work.workers)} ${failures(work)}` : nothing}
  `;
}

/**
 * @param {any} health
 * @param {Record<string, string>} breakers
 */
function healthView(health, breakers) {
  const names = Object.keys(health.microservices);
  return html`<section class="card" aria-labelledby="health-title">
    <div class="heading">
      <h2 id="health-title">${say("operator.health")}</h2>
      ${healthBadge(health.status)}
    </div>
    ${health.warnings.map((/** @type {string} */ text) => html`<p class="notice">${text}</p>`)}
    ${table(
      say("operator.health"),
      ["operator.service", "operator.state", "operator.breaker"],
      names.map((name) => [
        name,
        healthBadge(health.microservices[name]),
        healthBadge(breakers[name] ?? "unknown"),
      ]),
    )}
  </section>`;
}

/**
 * @param {any} stats
 * @param {any} work
 */
function figures(stats, work) {
  const shown = [
    ["active", stats.redis.active_jobs],
    ["completed", stats.redis.completed_jobs],
    ["total", stats.redis.total_jobs],
    ["memory", stats.redis.memory_usage],
    ...(work
      ? [
          ["last_hour", work.throughput.completed_last_hour],
          ["failed_hour", work.throughput.failed_last_hour],
          ["messages", work.broker_messages.stages + work.broker_messages.upkeep],
        ]
      : []),
  ];
  return html`<dl class="figures">
    ${shown.map(
      ([name, value]) => html`<div class="card">
        <dt>${say(`figure.${name}`)}</dt>
        <dd>${typeof value === "number" ? writeNumber(value) : value}</dd>
      </div>`,
    )}
  </dl>`;
}

/** @param {{stage: string, waiting: number, oldest_wait_s: number | null}[]} found */
function queues(found) {
  const rows = found.map(({ stage, waiting, oldest_wait_s: oldest }) => [
    sayOr(`stage.${stage}`, stage),
    writeNumber(waiting),
    oldest === null ? "–" : writeDuration(oldest),
  ]);
  return section("queues", ["operator.stage", "operator.waiting", "operator.oldest"], rows);
}

/** @param {any[]} found */
function workers(found) {
  const columns = ["worker", "load", "processed", "heartbeat", "since"];
  const rows = found.map((one) => [
    html`<code>${one.worker}</code>`,
    html`<meter
        min="0"
        max=${one.concurrency}
        value=${one.active_turns}
        aria-label=${say("operator.load")}
      ></meter>
      <span class="figure">${one.active_turns} / ${one.concurrency}</span>`,
    writeNumber(one.turns_processed),
    html`<span class=${one.heartbeat_age_s > SILENT_S ? "late" : ""}
      >${writeDuration(one.heartbeat_age_s)}</span
    >`,
    html`<time datetime=${one.started_at} title=${writeInstant(one.started_at)}
      >${writeAge(one.started_at)}</time
    >`,
  ]);
  const names = columns.map((column) => `operator.${column}`);
  return section("workers", names, rows);
}

/** @param {{failures_by_code: Record<string, number>}} work */
function failures(work) {
  const counted = Object.entries(work.failures_by_code).sort(([, one], [, two]) => two - one);
  const rows = counted.map(([code, count]) => [html`<code>${code}</code>`, writeNumber(count)]);
  return section("failures", ["operator.code", "operator.count"], rows);
}

/**
 * @param {string} name
 * @param {string[]} columns
 * @param {unknown[][]} rows
 */
function section(name, columns, rows) {
  const title = say(`operator.${name}`);
  return html`<section class="card" aria-labelledby=${`${name}-title`}>
    <h2 id=${`${name}-title`}>${title}</h2>
    ${rows.length
      ? table(title, columns, rows)
      : html`<p class="muted">${say(`operator.no_${name}`)}</p>`}
  </section>`;
}

/**
 * A table whose rows become blocks on a narrow screen. The roles are written out, since a row that is
 * shown as a block would lose its own.
 *
 * @param {string} caption
 * @param {string[]} columns
 * @param {unknown[][]} rows
 */
function table(caption, columns, rows) {
  const names = columns.map((column) => say(column));
  return html`<div class="wide-table">
    <table role="table" aria-label=${caption}>
      <thead role="rowgroup">
        <tr role="row">
          ${names.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          ([first, ...rest]) => html`<tr role="row">
            <th role="rowheader" scope="row">${first}</th>
            ${rest.map(
              (cell, index) => html`<td role="cell">
                <span class="column" aria-hidden="true">${names[index + 1]}</span>
                <span>${cell}</span>
              </td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** @param {string} word Of `/health`, or of a breaker. */
function healthBadge(word) {
  const kinds = { healthy: "completed", closed: "completed", degraded: "busy", "half-open": "busy" };
  return html`<span class=${`badge ${kinds[word] ?? "failed"}`}>${sayOr(`health.${word}`, word)}</span>`;
}
