// Reads the service. Every answer that is not a success is a problem document (RFC 9457) and becomes a Problem.

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || String(status));
    this.status = status;
    this.body = body;
  }
  /** What happened and what to do, in a language. */
  in(lang) {
    const b = this.body;
    const parts = lang === "zh" ? [b.detail_zh || b.detail || b.title_zh, b.hint_zh || b.hint] : [b.detail || b.title, b.hint];
    return parts.filter(Boolean).join(lang === "zh" ? "。" : ". ");
  }
}

/** The root of the service, for it may be served below another path. */
const root = new URL(".", document.baseURI).pathname;

export const getJSON = (path, params) => send(path, params);

async function send(path, params = {}, options = {}) {
  const url = new URL(root + path, location.origin);
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== null) url.searchParams.set(k, v);
  const response = await fetch(url, { headers: { Accept: "application/json, application/geo+json" }, ...options });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

/** A project's resources. */
export class Project {
  constructor(id) {
    this.id = id;
    this.path = `projects/${encodeURIComponent(id)}`;
  }
  get(path, params) {
    return getJSON(`${this.path}/${path}`, params);
  }
  /** Sends a form, or nothing. */
  post(path, body, params, signal) {
    return send(`${this.path}/${path}`, params, { method: "POST", body, signal });
  }
  /** All features of a collection, page by page, at most max. Gives {features, matched}. */
  async features(collection, params = {}, max = 50000) {
    const features = [];
    let matched = 0;
    while (features.length < max) {
      const page = await this.get(`collections/${collection}/items`, { ...params, limit: Math.min(10000, max - features.length), offset: features.length || undefined });
      features.push(...page.features);
      matched = page.numberMatched;
      if (page.features.length === 0 || features.length >= matched) break;
    }
    return { features, matched };
  }
}
