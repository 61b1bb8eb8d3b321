// What pages and tag managers hear of us: DOM events of the document, and entries of the data layer under the same names.

export type What = "open" | "close" | "requested" | "ringing" | "connected" | "failed" | "scheduled" | "cancelled" | "number" | "duplicate";

export function announce(what: What, detail: Record<string, unknown> = {}): void {
  const name = `pbx:${what}`;
  document.dispatchEvent(new CustomEvent(name, { detail }));
  const layer = (window as { dataLayer?: unknown }).dataLayer;
  if (Array.isArray(layer)) layer.push({ event: name, ...detail });
}
