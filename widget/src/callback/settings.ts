// What the server says about a site: /w/config, written by pbx/widget/page.py.

import type { Country } from "./phone.ts";

export interface Department {
  queue: string;
  title: string;
  seconds: number; // within which we ring; 0: nothing can be promised now
  now: boolean; // whoever asks now is called as soon as somebody is free
  later: boolean; // hours are offered first
  says: [headline: string, lead: string][]; // of a call now, and of one at an hour
  offer: string; // what was promised, signed: it goes back with the request
  slots: number[]; // UTC seconds
}

export interface Settings {
  lang: string;
  texts: Record<string, string>;
  look: { colour: string; ink: string; position: string; offset: [number, number]; z: number; avatar: string };
  triggers: { button: boolean; exit: boolean; after_s: number; scroll: number; pages: string[]; hide: string[] };
  number: string;
  mobile: "tel" | "widget";
  departments: Department[];
  countries: Country[];
  consent: { text: string; version: string; ask: boolean };
  work: { challenge: string; bits: number };
}

/** A request as the visitor is shown it; instants are UTC seconds. */
export interface State {
  state: "requested" | "scheduled" | "ringing" | "connected" | "failed" | "cancelled";
  over: boolean; // nothing more will happen
  at: number; // the hour that was chosen, or of the next attempt; 0: none
  sms: boolean; // we wrote instead
}

export interface Taken extends State {
  token: string;
}

export interface Wish {
  id: string; // of idempotency
  number: string;
  queue: string;
  at: number;
  offer: string;
  consent: { version: string; given: boolean };
}

/** Refused by the server, in the visitor's language. */
export class Refusal extends Error {
  constructor(
    readonly reason: string,
    text: string,
  ) {
    super(text);
  }
}

const escape = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** Whether hours are shown: by what the visitor chose, as far as there is a choice. */
export const isLater = ({ slots, now, later }: Department, chosen?: boolean): boolean =>
  !!slots.length && (!now || (chosen ?? later));

/** Whether a path is one of the patterns: "/checkout/*". */
export function matches(path: string, patterns: string[]): boolean {
  return patterns.some((each) => new RegExp(`^${escape(each).replace(/\*/g, ".*")}$`).test(path));
}
