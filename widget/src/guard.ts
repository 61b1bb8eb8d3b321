// The number guard: what a visitor sees of a number is what he was assigned, to the last digit.
//
// It looks at each number after it was written: the digits in the text, whether each can be seen, the link around them;
// again until 5 s are over, and from then on whenever something on the page changed, for as long as the page is open: never
// for longer than a slice, nor more often than once a second. What is bad is told at once, each fault of a number once a
// page view; when all are good after 5 s, each number once.

import { type Assigned, code, digits, occurrences } from "./numbers.ts";
import { type Swapper, type Target, safely } from "./swap.ts";
import { isInForeign, joined, parts, runs } from "./text.ts";

export type Verdict = "number_ok" | "truncated" | "href_mismatch" | "overwritten" | "blocked";

export interface Report {
  line: string; // the logical number
  selector: string;
  shown: string;
  assigned: string;
  href: string;
  verdict: Verdict;
}

const FIRST_MS = 150; // after it was written: the page has been laid out
const LOOKS_MS = [600, 2000, 5000]; // the last of them tells what is good
const DOUBT_MS = 400; // a fault is told when a look so much later sees it, too
const LATE_DOUBT_MS = 4000; // after the first seconds: "Copied!" stands there for two
const CALM_MS = 1000; // between two looks at a page that changes
const IDLE_MS = 15_000; // and at one that does not: a style may change without a sign
const SLICE_MS = 8; // of one look; what does not fit waits for the next one:
const SOON_MS = 40; // in the first seconds, later CALM_MS
const PHONE = /\d(?:[\s().-]{0,3}\d){6,14}/;
const MOST = 8; // numbers of a page that are told of

/** Which of the characters can be seen: laid out, not transparent, not cut off, not under something else. */
export function visibleOf(pieces: [Text, number, number][]): boolean[] {
  const found: boolean[] = [];
  const range = document.createRange();
  for (const [node, from, to] of pieces) {
    const box = node.parentElement;
    const hidden = !box || isHidden(box);
    const clips = box && !hidden ? clipsOf(box) : [];
    for (let at = from; at < to; at++) {
      if (hidden) {
        found.push(false);
        continue;
      }
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const rect = range.getClientRects()[0];
      found.push(!!rect && rect.width > 0 && rect.height > 0 && isWithin(rect, clips) && !isCovered(rect, box!));
    }
  }
  return found;
}

function isHidden(box: Element): boolean {
  const own = getComputedStyle(box);
  if (own.visibility !== "visible" || parseFloat(own.fontSize) < 2 || /,\s*0\)$/.test(own.color)) return true;
  let opacity = 1;
  for (let at: Element | null = box; at; at = at.parentElement) opacity *= +getComputedStyle(at).opacity;
  return opacity < 0.05;
}

/** The rectangles that cut off what lies outside them. What can be scrolled to is not cut off. */
function clipsOf(box: Element): [DOMRect, boolean, boolean][] {
  const found: [DOMRect, boolean, boolean][] = [];
  for (let at: Element | null = box; at && at !== document.body && at !== document.documentElement; at = at.parentElement) {
    const style = getComputedStyle(at);
    const [x, y] = [/hidden|clip/.test(style.overflowX), /hidden|clip/.test(style.overflowY)];
    if ((x || y) && style.display !== "inline") found.push([at.getBoundingClientRect(), x, y]);
    if (style.position === "fixed") break;
  }
  return found;
}

/** More than half of it, both ways. */
function isWithin(rect: DOMRect, clips: [DOMRect, boolean, boolean][]): boolean {
  return clips.every(([clip, x, y]) => {
    const wide = Math.min(rect.right, clip.right) - Math.max(rect.left, clip.left);
    const high = Math.min(rect.bottom, clip.bottom) - Math.max(rect.top, clip.top);
    return (!x || wide > rect.width * 0.5) && (!y || high > rect.height * 0.5);
  });
}

/** By something that scrolls with the page: banners, headers and dialogs that float over it come and go. */
function isCovered(rect: DOMRect, box: Element): boolean {
  const top = document.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2);
  if (!top || top.contains(box) || box.contains(top) || getComputedStyle(box).pointerEvents === "none") return false;
  for (let at: Element | null = top; at; at = at.parentElement) {
    if (/fixed|sticky/.test(getComputedStyle(at).position)) return at.contains(box);
  }
  return true;
}

export const areVisible = (nodes: Text[]): boolean =>
  visibleOf(nodes.map((node): [Text, number, number] => [node, 0, node.data.length])).some(Boolean);

/** What is wrong with a number on the page; undefined when it is not shown here at all, or the page took it away. */
export function look(target: Target): Report | undefined {
  const { number } = target;
  const box = target.box.isConnected ? target.box : heir(target);
  if (!box) return undefined;
  const report = (verdict: Verdict, shown: string): Report => {
    return { line: number.name, selector: selectorOf(box), shown: shown.slice(0, 60), assigned: number.to, href: hrefOf(box), verdict };
  };
  const found = standing(box, number);
  if (!found) {
    const text = (box.textContent ?? "").trim().replace(/\s+/g, " ");
    if (target.fought) return report("overwritten", text);
    return report(isPartOf(text, number.to) ? "truncated" : "overwritten", text);
  }
  const all = textOf(found);
  const seen = visibleOf(found);
  const shown = [...all].filter((_mark, index) => seen[index]).join("");
  if (!digits(shown)) return target.visible ? report("blocked", "") : undefined;
  if (digits(shown) !== digits(all)) return report("truncated", shown);
  const href = hrefOf(box);
  if (href && digits(href.replace(/[;,].*$/, "")) !== digits(number.to)) return report("href_mismatch", all);
  return report("number_ok", all);
}

/** What stands in the place of an element that is gone, when that shows another telephone number. */
function heir({ box, path, number }: Target): Element | undefined {
  const [other, ...more] = document.querySelectorAll(path);
  const text = other?.textContent ?? "";
  const same = other?.tagName === box.tagName && other.className === box.className;
  return same && !more.length && !isInForeign(other) && PHONE.test(text) && !occurrences(text, number.to).length ? other : undefined;
}

/** Where the number stands within the box. */
function standing(box: Element, number: Assigned): [Text, number, number][] | undefined {
  for (const run of runs(box)) {
    const place = occurrences(joined(run), number.to)[0];
    if (place) return parts(run, ...place);
  }
  return undefined;
}

const textOf = (found: [Text, number, number][]): string =>
  found.map(([node, from, to]) => node.data.slice(from, to)).join("");

/** Whether some digits of a number are missing in a text, and the others are there in their order. */
export function isPartOf(text: string, number: string): boolean {
  const shown = digits(text);
  const all = digits(number);
  const national = all.slice(code(all).length);
  const bare = shown.replace(/^[08]/, "");
  return shown.length > 2 && [shown, bare].some((each) => all.startsWith(each) || national.startsWith(each));
}

function hrefOf(box: Element): string {
  const link = box.closest("a[href^='tel:']") ?? box.querySelector("a[href^='tel:']");
  return (link?.getAttribute("href") ?? "").slice(4, 68);
}

/** A short path that finds the element again. */
export function selectorOf(element: Element): string {
  const path: string[] = [];
  for (let at: Element | null = element; at && path.length < 4 && at !== document.body; at = at.parentElement) {
    if (at.id) {
      path.unshift(`#${at.id}`);
      break;
    }
    const tag: string = at.tagName;
    const same = [...(at.parentElement?.children ?? [])].filter((each) => each.tagName === tag);
    path.unshift(tag.toLowerCase() + (same.length > 1 ? `:nth-of-type(${same.indexOf(at) + 1})` : ""));
  }
  return path.join(">").slice(0, 200);
}

/** Looks at the numbers of one page view after the other. */
export class Guard {
  readonly #told = new Set<string>();
  readonly #suspects = new Map<Element, [Verdict, at: number]>();
  readonly #good = new Map<string, Report>();
  #ahead: Target[] = []; // of a look that goes on
  #looks: number[] = []; // that are still to come in the first seconds, by performance.now()
  #timer = 0;
  #next = Infinity;
  #looked = 0;
  #bad = 0;

  readonly #swapper: Swapper;
  readonly #tell: (report: Report) => void;

  constructor(swapper: Swapper, tell: (report: Report) => void) {
    this.#swapper = swapper;
    this.#tell = tell;
    new MutationObserver(() => this.#stirred()).observe(document, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
    });
    addEventListener("resize", () => this.#stirred());
    document.addEventListener("visibilitychange", () => this.#stirred());
  }

  /** Another page view begins, or the page's numbers have just been written. */
  watch(fresh: boolean): void {
    if (fresh) {
      this.#told.clear();
      this.#bad = 0;
      this.#swapper.targets.clear(); // those of the new view are found when its numbers have come
    }
    this.#suspects.clear();
    this.#good.clear();
    this.#ahead = [];
    this.#looks = [FIRST_MS, ...LOOKS_MS].map((ms) => performance.now() + ms);
    this.#plan(this.#looks[0]!);
  }

  /** Something has changed; costs nothing more while a look is near anyway. */
  #stirred(): void {
    if (this.#next < Infinity) this.#plan(Math.max(this.#looked + CALM_MS, performance.now() + FIRST_MS));
  }

  /** The next look is at `at`, if none is earlier. */
  #plan(at: number): void {
    if (at >= this.#next) return;
    this.#next = at;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#look(), Math.ceil(at - performance.now()));
  }

  #look(): void {
    const begin = (this.#looked = performance.now());
    this.#next = Infinity;
    if (document.visibilityState === "hidden") return this.#plan(begin + IDLE_MS); // nothing is laid out for nobody
    if (!this.#ahead.length) this.#ahead = [...this.#swapper.targets.values()];
    while (this.#ahead.length && performance.now() - begin < SLICE_MS) this.#judge(this.#ahead.pop()!);
    if (this.#ahead.length) return this.#plan(begin + (this.#looks.length ? SOON_MS : CALM_MS));
    while (this.#looks.length && this.#looks[0]! <= begin) {
      this.#looks.shift();
      if (!this.#looks.length) this.#praise();
    }
    this.#plan(this.#looks[0] ?? begin + IDLE_MS);
    if (this.#suspects.size) this.#plan(begin + this.#doubt_ms);
  }

  get #doubt_ms(): number {
    return this.#looks.length ? DOUBT_MS : LATE_DOUBT_MS;
  }

  #judge(target: Target): void {
    const { box } = target;
    const report = safely(() => look(target), undefined);
    if (report && report.verdict !== "number_ok") {
      this.#suspect(box, report);
    } else {
      this.#suspects.delete(box);
      if (report) this.#good.set(report.selector, report);
    }
    if (!box.isConnected && !this.#suspects.has(box)) this.#swapper.targets.delete(box);
  }

  #praise(): void {
    if (this.#bad || this.#told.size) return;
    for (const report of [...this.#good.values()].slice(0, MOST)) {
      this.#told.add(report.selector);
      this.#tell(report);
    }
  }

  /** Told when it lasts: what moves is seen once. */
  #suspect(box: Element, report: Report): void {
    const key = `${report.selector} ${report.verdict}`;
    if (this.#told.has(key) || this.#bad >= MOST) return void this.#suspects.delete(box);
    const [verdict, at] = this.#suspects.get(box) ?? [];
    if (verdict !== report.verdict) return void this.#suspects.set(box, [report.verdict, this.#looked]);
    if (this.#looked - at! < this.#doubt_ms) return;
    this.#suspects.delete(box);
    this.#told.add(key);
    this.#bad++;
    this.#tell(report);
  }
}
