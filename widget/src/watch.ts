// Late changes of the page: new and rewritten nodes, and navigation that loads no page. Work is bounded: what does not fit
// into a few milliseconds waits for the next pause.

import { blockOf } from "./text.ts";

const SLICE_MS = 8;
const MOST_ROOTS = 400; // more changed places than this: the whole page is looked through instead
const LABELS = ["href", "aria-label", "title", "alt", "data-pbx-number", "data-pbx-format"];

export class Watcher {
  readonly #observer: MutationObserver;
  #roots = new Set<Element>();
  #waiting = false;

  readonly #work: (root: Element) => void;

  constructor(work: (root: Element) => void) {
    this.#work = work;
    this.#observer = new MutationObserver((records) => this.#changed(records));
  }

  start(): void {
    this.#observer.observe(document.documentElement, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
      attributeFilter: LABELS,
    });
  }

  /** Does `work`, whose own changes are no news. */
  quietly(work: () => void): void {
    this.#changed(this.#observer.takeRecords());
    work();
    this.#observer.takeRecords();
  }

  #changed(records: MutationRecord[]): void {
    for (const { type, target, addedNodes } of records) {
      if (type === "attributes") this.#add(target as Element);
      else if (type === "characterData") this.#add(blockOf(target));
      else if (addedNodes.length) {
        if (addedNodes.length > 20) this.#add(blockOf(target));
        else addedNodes.forEach((node) => this.#add(node.isConnected ? blockOf(node) : null));
      }
    }
    if (!this.#waiting) this.#drain();
  }

  #add(root: Element | null): void {
    if (root?.isConnected) this.#roots.add(root);
    if (this.#roots.size > MOST_ROOTS) this.#roots = new Set([document.body]);
  }

  /** At once, so that nothing flickers; what is too much for now a little later. */
  #drain = (): void => {
    this.#waiting = false;
    const end = performance.now() + SLICE_MS;
    for (const root of this.#roots) {
      this.#roots.delete(root);
      if (root.isConnected) {
        this.#work(root);
        this.#observer.takeRecords();
      }
      if (performance.now() > end && this.#roots.size) {
        this.#waiting = true;
        setTimeout(this.#drain, 30);
        return;
      }
    }
  };
}

/** Calls `moved` after each change of the address that loads no page. */
export function onNavigation(moved: () => void): void {
  let before = location.href;
  const look = () => {
    const now = location.href;
    if (now.replace(/#.*/, "") !== before.replace(/#.*/, "") || /#!?\//.test(now + before)) {
      if (now !== before) {
        before = now;
        moved();
      }
    }
  };
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (this: History, ...given: Parameters<History["pushState"]>) {
      original.apply(this, given);
      setTimeout(look);
    };
  }
  addEventListener("popstate", () => setTimeout(look));
  addEventListener("hashchange", () => setTimeout(look));
}
