/** The operator's page: services, queues, workers and failures. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, getJson } from "../api.js";
import { config } from "../config.js";
import { openPage } from "../frame.js";
import { loadingNotice, problemNotice } from "../notices.js";
import { translate, translateOr, writeAge, writeDuration, writeInstant, writeNumber } from "../texts.js";

const REFRESH_MS = 3000;
const HEARTBEAT_TTL_S = 8; // a worker without a heartbeat for longer is considered dead

const state = {
  /** @type {any} */ health: null,
  /** @type {any} */ stats: null,
  /** @type {any} */ work: null,
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
    [state.stats, state.work] = await Promise.all([
      getJson("/admin/stats"),
      getJson("/admin/workers"),
    ]);
    state.error = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.error = error;
  }
  redraw();
}

function view() {
  const { health, stats, work, error } = state;
  return html`
    <div class="heading">
      <h1>${translate("operator.title")}</h1>
      <p class="links">
        ${config.flowerUrl
          ? html`<a href=${config.flowerUrl} target="_blank" rel="noopener noreferrer">Flower</a>`
          : nothing}
        <a href="/docs">${translate("nav.docs")}</a>
      </p>
    </div>
    ${problemNotice(error, load)} ${!health && !error ? loadingNotice() : nothing}
    ${health ? healthView(health, work?.breakers ?? health.breakers) : nothing}
    ${stats
      ? html`${metrics(stats, work)} ${queues(work.queues)} ${workers(work.workers)} ${failures(work)}`
      : nothing}
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
      <h2 id="health-title">${translate("operator.health")}</h2>
      ${healthBadge(health.status)}
    </div>
    ${health.warnings.map((/** @type {string} */ text) => html`<p class="notice">${text}</p>`)}
    ${table(
      translate("operator.health"),
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
function metrics(stats, work) {
  const shown = [
    ["active", stats.redis.active_jobs],
    ["completed", stats.redis.completed_jobs],
    ["total", stats.redis.total_jobs],
    ["memory", stats.redis.memory_usage],
    ["last_hour", work.throughput.completed_last_hour],
    ["failed_hour", work.throughput.failed_last_hour],
    ["messages", work.broker_messages.stages + work.broker_messages.upkeep],
  ];
  return html`<dl class="metrics">
    ${shown.map(
      ([name, value]) => html`<div class="card">
        <dt>${translate(`metric.${name}`)}</dt>
        <dd>${typeof value === "number" ? writeNumber(value) : value}</dd>
      </div>`,
    )}
  </dl>`;
}

/** @param {{stage: string, waiting: number, oldest_wait_s: number | null}[]} found */
function queues(found) {
  const rows = found.map(({ stage, waiting, oldest_wait_s: oldest }) => [
    translateOr(`stage.${stage}`, stage),
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
        aria-label=${translate("operator.load")}
      ></meter>
      <span class="number">${one.active_turns} / ${one.concurrency}</span>`,
    writeNumber(one.turns_processed),
    html`<span class=${one.heartbeat_age_s > HEARTBEAT_TTL_S ? "late" : ""}
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
  const title = translate(`operator.${name}`);
  return html`<section class="card" aria-labelledby=${`${name}-title`}>
    <h2 id=${`${name}-title`}>${title}</h2>
    ${rows.length
      ? table(title, columns, rows)
      : html`<p class="muted">${translate(`operator.no_${name}`)}</p>`}
  </section>`;
}

/**
 * A table whose rows become blocks on a narrow screen. The roles are explicit, because a row that is
 * displayed as a block loses its own.
 *
 * @param {string} caption
 * @param {string[]} columns
 * @param {unknown[][]} rows
 */
function table(caption, columns, rows) {
  const names = columns.map((column) => translate(column));
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

/** @param {string} state Status in `/health`, or state of a circuit breaker. */
function healthBadge(state) {
  const kinds = { healthy: "completed", closed: "completed", degraded: "busy", "half-open": "busy" };
  return html`<span class=${`badge ${kinds[state] ?? "failed"}`}>${translateOr(`health.${state}`, state)}</span>`;
}
