// The snippet of a page: shows each visitor his number, looks after it, and offers a callback.
//
//   <script async src="https://PBX/w.js" data-key="pk_..."></script>
//
// Whatever fails here leaves the page as it was.

import { matches, type Settings } from "./callback/settings.ts";
import { Callback } from "./callback/element.ts";
import { settings } from "./callback/request.ts";
import { arm } from "./callback/triggers.ts";
import { announce } from "./events.ts";
import { Guard, areVisible, selectorOf } from "./guard.ts";
import { type Page, languageOf, read } from "./page.ts";
import { type Whole, mask } from "./reveal.ts";
import { Swapper } from "./swap.ts";
import { type Consent, Visit } from "./visit.ts";
import { Watcher, onNavigation } from "./watch.ts";

type Command = [name: string, given?: any];
type Queue = { push(...commands: Command[]): void; loaded?: Page };

const SHOW = { pl: "Pokaż numer", ru: "Показать номер", en: "Show number" };

class Snippet {
  readonly #swapper = new Swapper(areVisible, selectorOf);
  readonly #watcher = new Watcher((root) => this.#work(root));
  readonly #guard: Guard;
  readonly #visit: Visit;
  #widget: Callback | undefined;
  #about: Settings | undefined;
  #disarm: () => void = () => undefined;
  #shown = true; // by command
  #wanted: string | undefined; // opened by command before it was there
  #fired = false;

  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.#guard = new Guard(this.#swapper, (report) => {
      void this.#visit.send("/t/guard", report);
      announce("number", { verdict: report.verdict, selector: report.selector });
    });
    this.#watcher.start();
    this.#visit = new Visit(page, (numbers) => {
      this.#swapper.take(numbers);
      this.#watcher.quietly(() => this.#work(document.documentElement));
      this.#guard.watch(false);
      const main = numbers.find((each) => each.name === "main");
      if (main && this.#widget && this.#widget.number !== main.to) {
        this.#widget.number = main.to;
        this.#widget.dressBar();
      }
    });
  }

  begin(): void {
    this.#watcher.quietly(() => this.#reveals(document));
    void this.#visit.view();
    onNavigation(() => {
      this.#guard.watch(true);
      void this.#visit.view();
      this.#place();
    });
    document.addEventListener("click", (event) => this.#clicked(event), { capture: true, passive: true });
    document.addEventListener("copy", () => this.#copied());
    if (this.#page.widget) void this.#load();
  }

  run([name, given]: Command): void {
    if (name === "open") this.#open(given?.queue ?? "");
    else if (name === "close") this.#widget?.close();
    else if (name === "hide" || name === "show") {
      this.#shown = name === "show";
      this.#place();
    } else if (name === "consent") this.#visit.agree(given as Consent);
    else if (name === "swap") this.#watcher.quietly(() => this.#work(document.documentElement));
    else console.warn(`pbx: no command ${name}`);
  }

  #work(root: Element): void {
    this.#swapper.swap(root);
    this.#reveals(root);
  }

  #reveals(root: ParentNode): void {
    const lang = languageOf(this.#page).slice(0, 2) as keyof typeof SHOW;
    mask(root, this.#about?.texts?.show ?? SHOW[lang] ?? SHOW.en, async (masked): Promise<Whole | undefined> => {
      const response = await this.#visit.send("/t/reveal", { masked });
      return response?.ok ? response.json() : undefined;
    });
  }

  #clicked(event: Event): void {
    const link = event.composedPath().find((each) => each instanceof HTMLAnchorElement && each.protocol === "tel:");
    if (link) void this.#visit.send("/t/event", { event: "tel_click", number: (link as HTMLAnchorElement).pathname.slice(0, 32) }, true);
  }

  #copied(): void {
    const text = String(getSelection()).replace(/\D/g, "");
    const number = this.#swapper.numbers.find((each) => text.length > 5 && each.to.endsWith(text.slice(-7)));
    if (number) void this.#visit.send("/t/event", { event: "copy", line: number.name, number: number.to });
  }

  // -- the callback widget -----------------------------------------------------------------------------------------

  async #load(): Promise<void> {
    this.#about = await settings(this.#page);
    if (!this.#about.departments?.length || !this.#about.countries.length) return;
    customElements.get("pbx-callback") ?? customElements.define("pbx-callback", Callback);
    const widget = new Callback();
    widget.page = this.#page;
    widget.about = this.#about;
    widget.number = this.#swapper.numbers.find((each) => each.name === "main")?.to ?? this.#about.number;
    widget.visit = () => this.#visit.id;
    widget.opened = () => void this.#visit.send("/t/event", { event: "widget" });
    this.#watcher.quietly(() => widget.begin());
    this.#widget = widget;
    this.#place();
    if (this.#wanted !== undefined) this.#open(this.#wanted);
  }

  #open(queue: string): void {
    this.#disarm();
    this.#fired = true;
    if (this.#widget) void this.#widget.open(queue);
    else this.#wanted = queue;
  }

  /** Shown or hidden, by the page's address. */
  #place(): void {
    if (!this.#widget || !this.#about) return;
    const { pages, hide } = this.#about.triggers;
    const path = location.pathname;
    const here = this.#shown && !matches(path, [...hide, ...this.#page.hide]);
    this.#widget.hidden = !here;
    this.#disarm();
    if (here && !this.#fired && (!pages.length || matches(path, pages))) {
      this.#disarm = arm(this.#about.triggers, () => {
        this.#fired = true;
        if (!this.#widget!.isOpen) void this.#widget!.open("", true);
      });
    }
  }
}

function start(): void {
  const script = (document.currentScript ?? document.querySelector("script[data-key^=pk_]")) as HTMLScriptElement | null;
  const global = window as unknown as { pbx?: Command[] | Queue };
  const waiting = global.pbx;
  if (!script?.dataset.key) return console.error("pbx: the script has no data-key");
  if (waiting && "loaded" in waiting) {
    console.error("pbx: twice on this page; the second does nothing");
    return announce("duplicate", { key: script.dataset.key });
  }
  const page = read(script);
  const commands: Command[] = Array.isArray(waiting) ? [...waiting] : [];
  const queue: Queue = (global.pbx = { loaded: page, push: (...more) => void commands.push(...more) });
  const snippet = new Snippet(page);
  const ready = () => {
    snippet.begin();
    const run = (command: Command) => {
      try {
        snippet.run(command);
      } catch (error) {
        console.error("pbx:", error);
      }
    };
    queue.push = (...more) => more.forEach(run);
    commands.forEach(run);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
}

start();

