/** Client of the public API. The API key is sent in a header, never in a URL. */

import { storedValue } from "./storage.js";
import { translate, tag } from "./texts.js";

/** The API key, stored until the tab is closed. */
export const key = storedValue(() => sessionStorage, "ytcaption.key");

/** An error response, or no response at all (`status` 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, detail?: string, errors?: {pointer: string, detail: string}[]}} problem
   */
  constructor(status, problem) {
    super(problem.detail || translate("error.status", { status }));
    this.status = status;
    this.code = problem.code ?? "";
    this.faults = problem.errors ?? [];
  }
}

/**
 * Send a request.
 *
 * @param {string} method
 * @param {string} path
 * @param {{json?: unknown, headers?: Record<string, string>, signal?: AbortSignal,
 *   accept?: number[]}} [options] `accept`: statuses that are not errors.
 * @returns {Promise<Response>}
 * @throws {ApiError}
 */
export async function call(method, path, { json, headers, signal, accept = [] } = {}) {
  const sent = { ...ownHeaders(), ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    const body = json === undefined ? undefined : JSON.stringify(json);
    response = await fetch(path, { method, headers: sent, body, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { code: "unreachable", detail: translate("error.unreachable") });
  }
  if (response.ok || accept.includes(response.status)) return response;
  throw new ApiError(response.status, await readProblem(response));
}

/**
 * Send a request and parse the JSON response.
 *
 * @param {string} path
 * @param {Parameters<typeof call>[2] & {method?: string}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function getJson(path, { method = "GET", ...options } = {}) {
  const response = await call(method, path, options);
  try {
    return await response.json();
  } catch {
    throw new ApiError(0, { code: "unreachable", detail: translate("error.unreachable") });
  }
}

/**
 * Send a form with a file. Unlike fetch, this reports the upload progress.
 *
 * @param {string} path
 * @param {FormData} form
 * @param {{headers?: Record<string, string>, onProgress: (fraction: number) => void}} options
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export function sendForm(path, form, { headers, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries({ ...ownHeaders(), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, { detail: translate("error.unreachable") }));
    request.onload = () => {
      if (request.status < 300) resolve(request.response);
      else reject(new ApiError(request.status, request.response ?? {}));
    };
    request.send(form);
  });
}

/** Return a new `Idempotency-Key`. `randomUUID` is not available over plain HTTP. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns {Record<string, string>} */
function ownHeaders() {
  const stored = key.get();
  return { "Accept-Language": tag, ...(stored ? { Authorization: `Bearer ${stored}` } : {}) };
}

/** @param {Response} response */
async function readProblem(response) {
  try {
    const problem = await response.json();
    return problem && typeof problem === "object" ? problem : {};
  } catch {
    return {}; // the error page of a proxy
  }
}
