// What a visitor types as his number: grouped as people of the country write it, and judged before it is sent.

import { digits } from "../numbers.ts";

export interface Country {
  code: string; // ISO 3166
  prefix: string; // "48"
  mask: string; // "### ### ###"
  lengths: number[]; // of national numbers
  trunk: string; // what people dial in front of it at home: "0", "8"
}

/** National digits of what was typed: without the country's code or trunk prefix. */
export function national(typed: string, country: Country): string {
  const all = digits(typed);
  const international = /^\s*(\+|00)/.test(typed);
  if (international) {
    const bare = /^\s*00/.test(typed) ? all.slice(2) : all;
    return bare.startsWith(country.prefix) ? bare.slice(country.prefix.length) : bare;
  }
  if (country.lengths.includes(all.length)) return all;
  for (const before of [country.prefix, country.trunk]) {
    if (before && all.startsWith(before) && country.lengths.includes(all.length - before.length)) return all.slice(before.length);
  }
  return all;
}

/** The country that a number in international form is of, or undefined. */
export function countryOf(typed: string, countries: Country[]): Country | undefined {
  const found = /^\s*(?:\+|00)\s*([\d\s().-]*)/.exec(typed);
  const all = found ? digits(found[1]!) : "";
  return all ? countries.find((each) => all.startsWith(each.prefix)) : undefined;
}

/** Typed digits in the mask's groups; what is more than it holds is kept at its end. */
export function grouped(typed: string, country: Country): string {
  if (/^\s*(\+|0)/.test(typed)) return typed;
  const all = digits(typed);
  let next = 0;
  let text = "";
  for (const mark of country.mask) {
    if (next >= all.length) break;
    text += mark === "#" ? all[next++] : mark;
  }
  return text + all.slice(next);
}

/** The number as E.164, "" when it cannot be one. */
export function e164(typed: string, country: Country): string {
  const rest = national(typed, country);
  return country.lengths.includes(rest.length) && /^[\d\s+().\/-]+$/.test(typed) ? `+${country.prefix}${rest}` : "";
}
