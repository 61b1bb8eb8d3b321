// Telephone numbers as digits: found in text however they are grouped, and written back in the same grouping.

/** A number of the page: `to` is shown instead of each of `from`. All are E.164 ("+48221234567"); `text` is `to` for people,
 * where the page has no grouping of its own. */
export interface Assigned {
  name: string;
  to: string;
  from: string[];
  text: string;
}

const CODES = /^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})/; // ITU-T E.164, country codes
const BETWEEN = "[\\s\\u00a0\\u2000-\\u200f\\u2010-\\u2015\\u202f\\u2060().\\/-]{0,4}";

export const digits = (text: string): string => text.replace(/\D/g, "");

/** The country code of an E.164 number's digits. */
export const code = (number: string): string => CODES.exec(number)?.[0] ?? "";

const known = new Map<string, RegExp>();

function pattern(number: string): RegExp {
  let found = known.get(number);
  if (!found) {
    const all = digits(number);
    const country = code(all);
    const spread = (text: string) => text.split("").join(BETWEEN);
    const prefix = `(?:(?:\\+|00)?${spread(country)}${BETWEEN}|[08]${BETWEEN})?`;
    found = new RegExp(`(^|[^\\d])(${prefix}\\(?${spread(all.slice(country.length))})(?!\\d)`, "g");
    known.set(number, found);
  }
  return found;
}

/** Where a number stands in a text, as [start, end]: with its country code, with a trunk prefix (0 or 8) or without. */
export function occurrences(text: string, number: string): [number, number][] {
  const found: [number, number][] = [];
  for (const match of text.matchAll(pattern(number))) {
    const start = match.index + match[1]!.length;
    if (!/\+\d{1,3}[\s(.\u00a0-]*$/.test(text.slice(Math.max(start - 8, 0), start))) found.push([start, start + match[2]!.length]);
  }
  return found;
}

/** `text` with `number`, wherever it stands, as `by` writes it. */
export function replaced(text: string, number: string, by: (found: string) => string): string {
  let now = text;
  for (const [start, end] of occurrences(text, number).reverse()) now = now.slice(0, start) + by(text.slice(start, end)) + now.slice(end);
  return now;
}

/** `found` with the digits of `to` in the places of those of `from`, "" where the two do not have the same shape. */
export function restyle(found: string, from: string, to: string): string {
  const [old, now] = [digits(from), digits(to)];
  const country = code(old);
  if (old.length !== now.length || country !== code(now)) return "";
  const national = old.length - country.length;
  const shown = digits(found);
  return place(found, shown.slice(0, shown.length - national) + now.slice(-national));
}

/** `text` with its digits replaced, one by one. */
export function place(text: string, by: string): string {
  let next = 0;
  return text.replace(/\d/g, () => by[next++] ?? "");
}

/** A number by a mask such as "+48 ### ### ###" or "8 (###) ###-##-##": the marks are its last digits. "" where the mask
 * does not fit: its own digits must be the country code, a trunk prefix or nothing. */
export function fill(mask: string, number: string): string {
  const all = digits(number);
  const holes = mask.split("#").length - 1;
  const left = all.slice(0, all.length - holes);
  const own = digits(mask);
  if (holes < 5 || holes > all.length || ![left, "00" + left, "0", "8", ""].includes(own)) return "";
  if (own !== left && left.length > 3) return "";
  let next = all.length - holes;
  return mask.replace(/#/g, () => all[next++]!);
}
