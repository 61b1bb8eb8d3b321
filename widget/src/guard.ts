// The number guard: what a visitor sees of a number is what he was assigned, to the last digit.
//
// It looks at each number after it was written: the digits in the text, whether each can be seen, the link around them;
// again while and when 5 s are over, when nobody else may have written anything. What is bad is told at once; when all are
// good, each of them once a page view.

import { type Assigned, code, digits, occurrences } from "./numbers.ts";
import type { Swapper, Target } from "./swap.ts";
import { joined, parts, runs } from "./text.ts";

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
const LOOKS_MS = [600, 2000, 5000];
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
  const { box, number } = target;
  if (!box.isConnected) return undefined;
  const report = (verdict: Verdict, shown: string): Report => {
    return { line: number.name, selector: selectorOf(box), shown: shown.slice(0, 60), assigned: number.to, href: hrefOf(box), verdict };
  };
  const found = standing(box, number);
  if (!found) {
    const text = (box.textContent ?? "").trim().replace(/\s+/g, " ");
    if (target.fought) return report("overwritten", text);
    return report(isPartOf(text, number.to) ? "truncated" : "overwritten", text);
  }
  const seen = visibleOf(found).filter((_each, index) => /\d/.test(charAt(found, index)));
  if (seen.some(Boolean) && !seen.every(Boolean)) return report("truncated", shownOf(found));
  if (!seen.some(Boolean)) return target.visible ? report("blocked", "") : undefined;
  const href = hrefOf(box);
  if (href && digits(href.replace(/[;,].*$/, "")) !== digits(number.to)) return report("href_mismatch", textOf(found));
  return report("number_ok", textOf(found));
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

const charAt = (found: [Text, number, number][], index: number): string => textOf(found)[index] ?? "";

/** What of it can be seen. */
function shownOf(found: [Text, number, number][]): string {
  const seen = visibleOf(found);
  return [...textOf(found)].filter((_mark, index) => seen[index]).join("");
}

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

/** Looks at the numbers of one page view. */
export class Guard {
  readonly #told = new Set<string>();
  readonly #suspects = new Map<string, Verdict>();
  #timers: number[] = [];
  #bad = 0;

  constructor(
    private readonly swapper: Swapper,
    private readonly tell: (report: Report) => void,
  ) {}

  /** Another page view begins, or the page's numbers have just been written. */
  watch(fresh: boolean): void {
    if (fresh) {
      this.#told.clear();
      this.#bad = 0;
    }
    this.#timers.forEach(clearTimeout);
    this.#suspects.clear();
    this.#timers = [FIRST_MS, ...LOOKS_MS].map((ms, index, all) =>
      window.setTimeout(() => this.#round(index === all.length - 1), ms),
    );
  }

  #round(last: boolean): void {
    if (document.visibilityState === "hidden") return; // nothing is laid out for nobody
    const good = new Map<string, Report>();
    for (const [box, target] of this.swapper.targets) {
      if (!box.isConnected) {
        this.swapper.targets.delete(box);
        continue;
      }
      const report = look(target);
      if (report?.verdict === "number_ok") good.set(report.selector, report);
      else if (report) this.#suspect(report);
    }
    if (last && !this.#bad && !this.#told.size) {
      for (const report of [...good.values()].slice(0, MOST)) {
        this.#told.add(report.selector);
        this.tell(report);
      }
    }
  }

  /** Told when two looks in a row see it: what moves is seen once. */
  #suspect(report: Report): void {
    const key = `${report.selector} ${report.verdict}`;
    if (this.#suspects.get(report.selector) !== report.verdict) {
      this.#suspects.set(report.selector, report.verdict);
    } else if (!this.#told.has(key) && this.#bad < MOST) {
      this.#told.add(key);
      this.#bad++;
      this.tell(report);
    }
  }
}

