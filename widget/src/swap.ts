// Number substitution: in text, tel: links, labels and JSON-LD. What cannot be replaced stays as it was.

import { type Assigned, digits, fill, occurrences, place, replaced, restyle } from "./numbers.ts";
import { type Run, boxOf, isInForeign, joined, parts, runs } from "./text.ts";

/** A number that stands on the page: the guard looks after it. */
export interface Target {
  box: Element;
  number: Assigned;
  visible: boolean; // before we wrote
  fought: boolean; // somebody writes the old number again and again
  path: string; // by which the element is found, or what took its place
}

const MOST_WRITES = 5; // into one node within WRITES_MS: then somebody else wants it otherwise, and we let it be
const WRITES_MS = 10_000;
const DATA = "script[type='application/ld+json']";
const LABELS = ["aria-label", "title", "alt"];

export class Swapper {
  numbers: Assigned[] = [];
  readonly targets = new Map<Element, Target>();
  readonly #written = new WeakMap<Node, number[]>();
  #known: { number: Assigned; from: string }[] = [];

  readonly #isVisible: (nodes: Text[]) => boolean;
  readonly #pathOf: (box: Element) => string;

  constructor(isVisible: (nodes: Text[]) => boolean, pathOf: (box: Element) => string) {
    this.#isVisible = isVisible;
    this.#pathOf = pathOf;
  }

  /** From now on these numbers are shown. */
  take(numbers: Assigned[]): void {
    const before = this.numbers;
    for (const number of numbers) {
      const old = before.find((each) => each.name === number.name);
      if (old && old.to !== number.to) number.from = [...new Set([...number.from, old.to])];
    }
    this.numbers = numbers;
    this.#known = numbers.flatMap((number) => [...number.from, number.to].map((from) => ({ number, from })));
  }

  /** Everything within `root`: marked elements first, then whatever else is one of the numbers. */
  swap(root: Element): void {
    if (!this.numbers.length) return;
    if (root.matches(DATA)) this.#data(root);
    if (isInForeign(root)) return;
    const marked = root.closest("[data-pbx-number]");
    if (marked) this.#mark(marked);
    root.querySelectorAll("[data-pbx-number]").forEach((element) => this.#mark(element));
    for (const run of runs(root)) this.#text(run);
    this.#attributes(root);
    root.querySelectorAll("[href^='tel:'],[aria-label],[title],[alt]").forEach((element) => this.#attributes(element));
    root.querySelectorAll(DATA).forEach((script) => this.#data(script));
  }

  #mark(element: Element): void {
    const number = this.numbers.find((each) => each.name === (element.getAttribute("data-pbx-number") || "main"));
    if (!number || element.hasAttribute("data-pbx-noswap")) return;
    const run = runs(element, 0)[0] ?? [];
    const text = joined(run);
    this.#link(element, number, true);
    if (!text.trim() && element.firstElementChild) return; // a picture that is a link
    const now = this.#styled(element.getAttribute("data-pbx-format") ?? "", text, number);
    if (now && now !== text) this.#rewrite(element, run, text, now);
    this.#aim(element, number, run);
  }

  /** What a marked element is to say; "" when that is what it says. */
  #styled(format: string, text: string, number: Assigned): string {
    const masked = format && fill(format, number.to);
    if (masked) return masked;
    if (occurrences(text, number.to).length) return "";
    for (const from of number.from) {
      const now = replaced(text, from, (found) => written(found, from, number));
      if (now !== text) return now;
    }
    return digits(text).length === digits(number.to).length ? place(text, digits(number.to)) : number.text;
  }

  #rewrite(element: Element, run: Run, text: string, now: string): void {
    const first = run.find((node) => /\d/.test(node.data)) ?? run.find((node) => node.data.trim()) ?? run[0];
    if (!first) {
      element.append(now);
    } else if (digits(text).length === digits(now).length && run.length > 1) {
      this.#spread(run, 0, text.length, digits(now));
    } else {
      for (const node of run) {
        if (node === first) this.#write(node, now);
        else if (/\d/.test(node.data)) this.#write(node, "");
      }
    }
  }

  #text(run: Run): void {
    for (const { number, from } of this.#known) {
      const text = joined(run);
      for (const [start, end] of occurrences(text, from).reverse()) {
        const nodes = parts(run, start, end).map(([node]) => node);
        const box = boxOf(nodes);
        if (box && !box.closest("[data-pbx-number]")) this.#aim(box, number, nodes);
        if (from === number.to) continue;
        const now = restyle(text.slice(start, end), from, number.to);
        if (now) this.#spread(run, start, end, digits(now));
        else this.#insert(run, start, end, number.text);
      }
    }
  }

  /** Digit for digit, so that mark-up between them stays. */
  #spread(run: Run, start: number, end: number, by: string): void {
    let next = 0;
    for (const [node, from, to] of parts(run, start, end)) {
      const old = node.data.slice(from, to);
      const now = place(old, by.slice(next));
      next += digits(old).length;
      if (now !== old) this.#write(node, node.data.slice(0, from) + now + node.data.slice(to));
    }
  }

  #insert(run: Run, start: number, end: number, now: string): void {
    parts(run, start, end).forEach(([node, from, to], index) => {
      this.#write(node, node.data.slice(0, from) + (index ? "" : now) + node.data.slice(to));
    });
  }

  #attributes(element: Element): void {
    if (isInForeign(element)) return;
    for (const { number, from } of this.#known) {
      this.#link(element, number, false);
      for (const name of LABELS) {
        const old = element.getAttribute(name);
        if (old && digits(old).length > 4) {
          const now = replaced(old, from, (found) => written(found, from, number));
          if (now !== old && this.#may(element)) element.setAttribute(name, now);
        }
      }
    }
  }

  /** The tel: link of, in or around an element; `own`: whatever number it has, it is this one's. */
  #link(element: Element, number: Assigned, own: boolean): void {
    const link = element.closest("a[href^='tel:']") ?? (own ? element.querySelector("a[href^='tel:']") : null);
    const old = link?.getAttribute("href");
    if (!link || !old) return;
    const [, dialled, rest] = /^tel:([^;,]*)(.*)$/s.exec(old)!;
    const from = safely(() => decodeURIComponent(dialled!), dialled!);
    const ours = own || number.from.some((each) => occurrences(from, each).length);
    const now = `tel:${number.to}${rest}`;
    if (ours && now !== old && this.#may(link)) link.setAttribute("href", now);
  }

  #data(script: Element): void {
    const node = script.firstChild; // its data, because Trusted Types guard the text of the element itself
    if (!(node instanceof Text)) return;
    let text = node.data;
    for (const { number, from } of this.#known) {
      text = replaced(text, from, (found) => restyle(found, from, number.to) || number.to);
    }
    if (text !== node.data) this.#write(node, text);
  }

  #aim(box: Element, number: Assigned, nodes: Text[]): void {
    const known = this.targets.get(box);
    if (known) known.number = number;
    else this.targets.set(box, { box, number, visible: this.#isVisible(nodes), fought: false, path: this.#pathOf(box) });
  }

  #write(node: Text, text: string): void {
    if (this.#may(node)) node.data = text;
  }

  /** Counts the write; false when there were too many. */
  #may(node: Node): boolean {
    const now = Date.now();
    const times = (this.#written.get(node) ?? []).filter((at) => now - at < WRITES_MS);
    if (times.length >= MOST_WRITES) {
      for (const target of this.targets.values()) if (target.box.contains(node)) target.fought = true;
      return false;
    }
    this.#written.set(node, [...times, now]);
    return true;
  }
}

const written = (found: string, from: string, number: Assigned): string => restyle(found, from, number.to) || number.text;

export function safely<T>(what: () => T, otherwise: T): T {
  try {
    return what();
  } catch {
    return otherwise;
  }
}
