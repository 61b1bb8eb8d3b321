// The visit: which numbers this visitor is shown, and that he is still there. Nothing is stored before the server says for how
// long it may be (docs/tracking.md), nor before consent where the page wants one.

import type { Assigned } from "./numbers.ts";
import { type Page, post } from "./page.ts";
import { safely } from "./swap.ts";

export interface Consent {
  tracking?: boolean;
  analytics?: boolean;
  ads?: boolean;
}

interface Answer {
  session: string;
  visit: string;
  visitor: string;
  keep_days: number;
  beat_s: number;
  ttl_s: number;
  numbers: Record<string, { number: string; international: string; default: string }>;
}

interface Kept {
  visitor: string;
  consent: Consent;
  until: number; // ms
}

const STORE = "pbx";
const DAY_MS = 86_400_000;

export class Visit {
  id = "";
  consent: Consent | undefined;
  #session = "";
  #visitor = "";
  #last = 0; // ms, of the last answer
  #ttl_ms = 0;
  #beating = 0;
  #asking: Promise<void> | undefined;
  readonly #landing = location.href;
  readonly #referrer = document.referrer;

  readonly #page: Page;
  readonly #show: (numbers: Assigned[]) => void;

  constructor(page: Page, show: (numbers: Assigned[]) => void) {
    this.#page = page;
    this.#show = show;
    const kept = load<Kept>(() => localStorage);
    if (kept && kept.until > Date.now()) [this.#visitor, this.consent] = [kept.visitor, kept.consent];
    const running = load<{ answer: Answer; at: number }>(() => sessionStorage);
    if (running && this.#mayKeep()) {
      this.#session = running.answer.session;
      if (Date.now() - running.at < running.answer.ttl_s * 1000) this.#take(running.answer, running.at);
    }
    document.addEventListener("visibilitychange", () => this.#woken());
    addEventListener("pageshow", (event) => event.persisted && this.#woken());
    addEventListener("pagehide", () => this.#session && this.send("/t/beat", { end: true }, true));
  }

  /** Another page view (or, with `same_page`, more to say about the running one). */
  async view(same_page = false): Promise<void> {
    await this.#asking; // one after the other: the second needs the session of the first
    this.#asking = this.#ask(same_page).catch(() => undefined); // the numbers of the page stay
    return this.#asking;
  }

  /** What the visitor agrees to. */
  agree(consent: Consent): void {
    this.consent = consent;
    if (!this.#mayKeep()) forget();
    void this.view(true);
  }

  /** Tells something about this visit; undefined when nobody answered. */
  async send(path: string, body: object, last = false): Promise<Response | undefined> {
    const about = { page: location.href, ...(this.#session ? { session: this.#session } : { visit: this.id }), ...body };
    return post(this.#page, path, about, last).catch(() => undefined);
  }

  #mayKeep(): boolean {
    return !this.#page.consent || !!this.consent?.tracking;
  }

  async #ask(same_page: boolean): Promise<void> {
    const consent = this.consent;
    const [session, visitor, landing, referrer] = [this.#session, this.#visitor, this.#landing, this.#referrer];
    const marked = [...document.querySelectorAll("[data-pbx-number]")];
    const lines = [...new Set(["main", ...marked.map((each) => each.getAttribute("data-pbx-number") || "main")])];
    const body = { page: location.href, referrer, session, visitor, consent, landing, lines, same_page, ...this.#place(), ...this.#analytics() };
    const response = await post(this.#page, "/t/visit", body);
    if (!response.ok) return;
    const answer: Answer = await response.json();
    this.#take(answer, Date.now());
    if (answer.keep_days > 0 && this.#mayKeep()) {
      const until = Date.now() + answer.keep_days * DAY_MS;
      save(() => localStorage, { visitor: answer.visitor, consent: consent ?? {}, until });
      save(() => sessionStorage, { answer, at: Date.now() });
    }
  }

  #take(answer: Answer, at: number): void {
    this.#session = answer.session;
    this.id = answer.visit;
    this.#visitor = answer.visitor || this.#visitor;
    this.#last = at;
    this.#ttl_ms = answer.ttl_s * 1000;
    clearInterval(this.#beating);
    if (answer.beat_s > 0) this.#beating = window.setInterval(() => this.#beat(), answer.beat_s * 1000);
    this.#show(
      Object.entries(answer.numbers).map(([name, each]) => {
        return { name, to: each.number, text: each.international, from: each.default ? [each.default] : [] };
      }),
    );
  }

  #beat(): void {
    if (document.visibilityState === "hidden" || !this.#session) return;
    void this.send("/t/beat", {}).then(async (response) => {
      if (!response?.ok) return;
      const said: { again?: boolean; ttl_s?: number } = await response.json();
      this.#last = Date.now();
      if (said.again) void this.view(true);
    });
  }

  /** The page was away: after a while the number may be somebody else's. */
  #woken(): void {
    if (document.visibilityState === "visible" && this.#last && Date.now() - this.#last > this.#ttl_ms) void this.view(true);
    else this.#beat();
  }

  /** Where the page says that he is; his clock's zone only if he agreed. */
  #place(): object {
    const marked = document.querySelector("[data-pbx-region]")?.getAttribute("data-pbx-region");
    const time_zone = this.#mayKeep() ? safely(() => Intl.DateTimeFormat().resolvedOptions().timeZone, "") : "";
    return { region: marked || this.#page.region || undefined, time_zone: time_zone || undefined };
  }

  #analytics(): object {
    if (!this.consent?.analytics) return {};
    const stream = cookie("_ga_[A-Z0-9]+");
    return {
      ga_client: /\d+\.\d+$/.exec(cookie("_ga"))?.[0],
      ga_session: (/^GS1\.\d+\.(\d+)/.exec(stream) ?? /^GS2\.\d+\.s(\d+)/.exec(stream))?.[1],
      ym_uid: cookie("_ym_uid") || undefined,
    };
  }
}

const cookie = (name: string): string =>
  safely(() => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(document.cookie)?.[1] ?? "", "");

/** Storage may be forbidden: then nothing is kept. */
function save(where: () => Storage, value: object): void {
  safely(() => where().setItem(STORE, JSON.stringify(value)), undefined);
}

function load<T>(where: () => Storage): T | undefined {
  return safely(() => JSON.parse(where().getItem(STORE) ?? "null") ?? undefined, undefined);
}

function forget(): void {
  for (const where of [() => localStorage, () => sessionStorage]) safely(() => where().removeItem(STORE), undefined);
}
