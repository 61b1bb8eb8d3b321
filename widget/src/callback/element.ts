// <pbx-callback>: the button, and the pop-up with a form or with what became of a request. Everything is in a shadow root.

import { announce } from "../events.ts";
import type { Page } from "../page.ts";
import { h, icon } from "./dom.ts";
import { type Draft, form } from "./form.ts";
import { progress, words } from "./progress.ts";
import { ask, cancel, follow, settings } from "./request.ts";
import { type Department, Refusal, type Settings, type State, type Wish, isLater } from "./settings.ts";
import { dress } from "./style.ts";

const STALE_MS = 20_000; // what was promised so long ago is asked again when the pop-up opens
const PHONE = "(pointer: coarse) and (max-width: 767px)";

export class Callback extends HTMLElement {
  page!: Page;
  about!: Settings;
  /** The number of this visitor, for a tel: link. */
  number = "";
  visit: () => string = () => "";
  opened: () => void = () => undefined;

  readonly #root = this.attachShadow({ mode: "open" });
  readonly #bar = h("div", { class: "bar" });
  readonly #said = h("div", { "aria-live": "polite", class: "said" });
  readonly #left = h("p", { class: "count", "aria-hidden": "true" });
  #panel: HTMLElement | undefined;
  #draft: Draft = { typed: "", queue: "", agreed: false };
  #state: State | undefined;
  #token = "";
  #unfollow: () => void = () => undefined;
  #ticking = 0;
  #asked = 0;
  #modal = false;
  #returnTo: Element | null = null;

  /** Puts the widget onto the page. */
  begin(): void {
    const { look } = this.about;
    const { page } = this;
    dress(this.#root);
    const offset = /^\d+,\d+$/.test(page.offset) ? page.offset.split(",") : look.offset;
    const place = page.position || look.position;
    this.style.cssText = `--c:${look.colour};--i:${look.ink};--x:${offset[0]}px;--y:${offset[1]}px;--z:${+page.z || look.z}`;
    this.setAttribute("side", place.includes("left") ? "left" : "right");
    this.setAttribute("edge", place.includes("top") ? "top" : "bottom");
    this.lang = this.about.lang;
    this.#root.append(this.#bar, this.#said);
    this.#root.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent));
    this.#asked = Date.now();
    this.dressBar();
    document.body.append(this);
  }

  /** On telephones people would rather dial: there the number is the button, and the form a smaller one beside it. */
  dressBar(): void {
    const { texts, triggers, mobile } = this.about;
    this.#bar.replaceChildren();
    if (!triggers.button) return;
    const dial = mobile === "tel" && this.number && matchMedia(PHONE).matches;
    const open = h(
      "button",
      { class: dial ? "go small" : "go", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": texts.button, click: () => this.#toggle() },
      icon(dial ? "clock" : "phone"),
    );
    this.#bar.append(open);
    if (dial) {
      const name = texts.dial!.replace("{number}", this.number);
      this.#bar.append(h("a", { class: "go", href: `tel:${this.number}`, "aria-label": name }, icon("phone")));
    }
  }

  get isOpen(): boolean {
    return !!this.#panel;
  }

  #toggle(): void {
    if (this.#panel) this.close();
    else void this.open();
  }

  /** `queue`: the department that is chosen. `aside`: nobody asked for it, so that the page keeps the focus. */
  async open(queue = "", aside = false): Promise<void> {
    if (queue) this.#draft.queue = queue;
    if (this.#panel) return this.#render();
    this.#modal = !aside;
    this.#returnTo = document.activeElement;
    const close = h("button", { class: "x", type: "button", "aria-label": this.about.texts.close, click: () => this.close() }, icon("close"));
    this.#panel = h("div", { class: "panel", role: "dialog", "aria-modal": this.#modal && "true", "aria-labelledby": "t" });
    this.#panel.append(h("div", { class: "head" }, this.#face(), h("h2", { id: "t" }), close), h("div", { class: "body" }));
    this.#root.prepend(this.#panel);
    this.#bar.querySelector("button")?.setAttribute("aria-expanded", "true");
    this.#render();
    if (this.#modal) this.#focusFirst();
    else this.#said.textContent = this.#headline;
    this.opened();
    announce("open", { queue: this.#department.queue, auto: aside });
    if (!this.#state && Date.now() - this.#asked > STALE_MS) await this.#refresh();
  }

  close(): void {
    if (!this.#panel) return;
    this.#panel.remove();
    this.#panel = undefined;
    this.#bar.querySelector("button")?.setAttribute("aria-expanded", "false");
    if (this.#state?.over) this.#state = undefined;
    if (this.#modal) ((this.#bar.firstElementChild ?? this.#returnTo) as HTMLElement | null)?.focus();
    announce("close");
  }

  get #department(): Department {
    return this.about.departments.find((each) => each.queue === this.#draft.queue) ?? this.about.departments[0]!;
  }

  get #headline(): string {
    const department = this.#department;
    return department.says[+isLater(department, this.#draft.later)]![0];
  }

  #face(): HTMLElement {
    const other = h("span", { class: "face" }, icon("phone"));
    if (!this.about.look.avatar) return other;
    const image: HTMLImageElement = h("img", { src: this.about.look.avatar, alt: "", error: () => image.replaceWith(other) });
    return image;
  }

  #render(): void {
    if (!this.#panel) return;
    const title = this.#panel.querySelector("h2")!;
    const body = this.#panel.querySelector(".body")!;
    clearInterval(this.#ticking);
    if (this.#state) {
      title.textContent = this.about.texts.title!;
      body.replaceChildren(progress(this.about, this.#state, this.#left, { cancel: () => void this.#takeBack(), again: () => this.#anew() }));
      this.#tick();
    } else {
      title.textContent = this.#headline;
      const changed = (draft: Partial<Draft>) => {
        Object.assign(this.#draft, draft);
        const focused = this.#root.activeElement?.id;
        this.#render();
        ((focused && this.#root.getElementById(focused)) || this.#root.querySelector<HTMLElement>("#n"))?.focus();
      };
      body.replaceChildren(form(this.about, this.#department, this.#draft, changed, (wish) => void this.#send(wish)));
    }
  }

  async #refresh(): Promise<void> {
    const fresh = await settings(this.page).catch(() => undefined);
    if (!fresh?.departments) return;
    this.about = fresh;
    this.#asked = Date.now();
    if (this.#state || !this.#panel) return;
    const had = this.#root.activeElement?.id;
    this.#render();
    if (had) this.#root.getElementById(had)?.focus();
  }

  async #send(wish: Omit<Wish, "id">): Promise<void> {
    const button = this.#root.querySelector<HTMLButtonElement>(".send")!;
    if (button.disabled) return;
    button.disabled = true;
    this.#said.textContent = this.about.texts.sending!;
    try {
      const taken = await ask(this.page, this.about, { id: unique(), ...wish }, this.visit());
      this.#token = taken.token;
      this.#left.dataset.until = taken.at || wish.at ? "" : String(Date.now() + this.#department.seconds * 1000);
      this.#take(taken);
      if (!taken.over) this.#unfollow = follow(this.page, this.#token, (state) => this.#take(state));
    } catch (error) {
      button.disabled = false;
      this.#said.textContent = "";
      const refused = error instanceof Refusal;
      this.#root.querySelector(".error")!.textContent = refused ? error.message : this.about.texts.offline!;
      announce("failed", { queue: wish.queue, reason: refused ? error.reason : "offline" });
      if (refused && /consent|slot|offer/.test(error.reason)) void this.#refresh();
    }
  }

  /** The request is in this state now. */
  #take(state: State): void {
    const earlier = this.#state;
    this.#state = state;
    const inside = !!this.#panel && this.#panel.contains(this.#root.activeElement);
    this.#render();
    if (inside && this.#modal) (this.#panel!.querySelector<HTMLElement>(".live button") ?? this.#panel!.querySelector<HTMLElement>(".x"))!.focus();
    if (earlier?.state !== state.state || earlier.at !== state.at) {
      this.#said.textContent = words(this.about, state).join(" ");
      announce(state.state, { queue: this.#department.queue, at: state.at || undefined });
    }
  }

  async #takeBack(): Promise<void> {
    await cancel(this.page, this.#token).catch(() => undefined);
  }

  #anew(): void {
    this.#unfollow();
    const failed = this.#state?.state === "failed";
    this.#state = undefined;
    this.#draft.later = undefined;
    this.#render();
    if (failed) this.#root.querySelector<HTMLFormElement>("form")?.requestSubmit();
    this.#focusFirst();
  }

  /** The seconds that are left of what was promised. */
  #tick(): void {
    const show = () => {
      const left = Math.ceil((+(this.#left.dataset.until ?? 0) - Date.now()) / 1000);
      this.#left.textContent = left > 0 && this.#department.seconds ? String(left) : "";
    };
    show();
    if (this.#state?.state === "requested") this.#ticking = window.setInterval(show, 500);
  }

  // -- keyboard ----------------------------------------------------------------------------------------------------

  #focusFirst(): void {
    const first = this.#panel?.querySelector<HTMLElement>("input[type=tel], .live button") ?? this.#panel?.querySelector<HTMLElement>(".x");
    first?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (!this.#panel) return;
    event.stopPropagation(); // shortcuts of the page are not meant
    if (event.key === "Escape") return this.close();
    if (event.key !== "Tab" || !this.#modal) return;
    const all = [...this.#panel.querySelectorAll<HTMLElement>("button, input, select, a")].filter((each) => !(each as HTMLButtonElement).disabled);
    const at = all.indexOf(this.#root.activeElement as HTMLElement);
    const next = event.shiftKey ? (at <= 0 ? all.length - 1 : -1) : at === all.length - 1 || at < 0 ? 0 : -1;
    if (next >= 0) {
      event.preventDefault();
      all[next]!.focus();
    }
  }
}

/** 128 random bits; crypto.randomUUID is for secure pages only. */
function unique(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
