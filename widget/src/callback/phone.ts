// What a visitor types as his number: grouped as people of the country write it, and judged before it is sent.

import { digits } from "../numbers.ts";

export interface Country {
  code: string; // ISO 3166
  prefix: string; // "48"
  mask: string; // "### ### ###"
  lengths: number[]; // of national numbers
  trunk: string; // what people dial in front of it at home: "0", "8"
}

const ABROAD = /^\s*(?:\+|00)/;

/** What was typed or pasted in plain characters: full-width digits and unusual spaces become plain ones, marks of direction
 * (address books copy them) and the "(0)" behind a country's code go. */
export const clean = (typed: string): string =>
  typed
    .normalize("NFKC")
    .replace(/[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
    .replace(/^(\s*(?:\+|00)[\d ]+)\(0\)/, "$1");

const isPlain = (typed: string): boolean => /^[\d\s+()./\u2010-\u2015-]*$/.test(typed);

/** Digits behind "+" or "00"; undefined for a number without a country's code. */
const international = (typed: string): string | undefined =>
  ABROAD.test(typed) ? digits(typed.replace(ABROAD, "")) : undefined;

/** National digits of what was typed at home: without the country's code or trunk prefix. */
function national(all: string, { lengths, prefix, trunk }: Country): string {
  if (!lengths.includes(all.length)) {
    for (const before of [prefix, trunk]) {
      if (before && all.startsWith(before) && lengths.includes(all.length - before.length)) return all.slice(before.length);
    }
  }
  return all;
}

/** The country that a number in international form is of, or undefined. */
export function countryOf(typed: string, countries: Country[]): Country | undefined {
  const all = international(clean(typed));
  return all ? countries.find((each) => all.startsWith(each.prefix)) : undefined;
}

/** Typed digits in the mask's groups; what is more than it holds is kept at its end, and what is no number as it is. */
export function grouped(typed: string, country: Country): string {
  const plain = clean(typed);
  if (!isPlain(plain) || /^\s*(\+|0)/.test(plain)) return typed;
  const all = digits(plain);
  let next = 0;
  let text = "";
  for (const mark of country.mask) {
    if (next >= all.length) break;
    text += mark === "#" ? all[next++] : mark;
  }
  return text + all.slice(next);
}

/** The number as E.164, or the name of the text that says what is wrong with it: "bad_format" (no number at all, or too
 * long), "bad_country" (of none that is served) or "bad_number" (digits are missing). */
export function e164(typed: string, country: Country, countries = [country]): string {
  const plain = clean(typed);
  const abroad = international(plain);
  const at = abroad === undefined ? country : countryOf(plain, countries);
  if (!isPlain(plain) || /.\+/.test(plain.trim())) return "bad_format";
  if (!at) return countries.some(({ prefix }) => prefix.startsWith(abroad!)) ? "bad_number" : "bad_country";
  const rest = abroad?.slice(at.prefix.length) ?? national(digits(plain), at);
  if (at.lengths.includes(rest.length)) return `+${at.prefix}${rest}`;
  return rest.length > Math.max(...at.lengths) ? "bad_format" : "bad_number";
}
