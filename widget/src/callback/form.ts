// The form of the pop-up: department, number, hour, consent. It says what is wrong beside what is wrong.

import { h, icon } from "./dom.ts";
import { type Country, countryOf, e164, grouped } from "./phone.ts";
import { type Department, type Settings, type Wish, isLater } from "./settings.ts";

export interface Draft {
  typed: string;
  queue: string;
  later?: boolean;
  agreed: boolean;
}

/** The day and the hour of an instant, in the visitor's zone and language. */
export function days(slots: number[], lang: string): Map<string, [number, string][]> {
  const day = new Intl.DateTimeFormat(lang, { weekday: "short", day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit" });
  const found = new Map<string, [number, string][]>();
  for (const at of slots) {
    const when = new Date(at * 1000);
    const key = day.format(when);
    found.set(key, [...(found.get(key) ?? []), [at, hour.format(when)]]);
  }
  return found;
}

export const clock = (at: number, lang: string): string =>
  new Intl.DateTimeFormat(lang, { weekday: "long", hour: "2-digit", minute: "2-digit" }).format(new Date(at * 1000));

const choice = (value: string, text: string, chosen: boolean) => h("option", { value, selected: chosen }, text);

/** `changed` asks for the form to be made again; `send` is given a whole wish. */
export function form(
  about: Settings,
  department: Department,
  draft: Draft,
  changed: (draft: Partial<Draft>) => void,
  send: (wish: Omit<Wish, "id">) => void,
): HTMLFormElement {
  const { texts, consent } = about;
  const later = isLater(department, draft.later);
  let country = countryOf(draft.typed, about.countries) ?? about.countries[0]!;

  const error = h("p", { class: "error", id: "e", role: "alert" });
  const number = h("input", {
    type: "tel",
    id: "n",
    name: "tel",
    autocomplete: "tel",
    inputmode: "tel",
    required: true,
    "aria-describedby": "e",
    placeholder: country.mask.replace(/#/g, "0"),
    maxlength: 32,
  });
  number.value = draft.typed;
  const prefix = h("select", { "aria-label": texts.country });
  for (const each of about.countries) prefix.append(choice(each.code, `${each.code} +${each.prefix}`, each === country));
  const turn = (to: Country) => {
    country = to;
    prefix.value = to.code;
    number.placeholder = to.mask.replace(/#/g, "0");
  };
  prefix.addEventListener("change", () => turn(about.countries[prefix.selectedIndex]!));
  number.addEventListener("input", () => {
    const other = countryOf(number.value, about.countries);
    if (other && other !== country) turn(other);
    if (number.selectionStart === number.value.length) number.value = grouped(number.value, country);
    draft.typed = number.value;
    fault("");
  });
  const fault = (text: string, what?: HTMLElement) => {
    error.textContent = text;
    for (const each of [number, agree, day]) each.removeAttribute("aria-invalid");
    if (text && what) {
      what.setAttribute("aria-invalid", "true");
      what.focus();
    }
  };

  const agree = h("input", { type: "checkbox", id: "a", "aria-describedby": "e" });
  agree.checked = draft.agreed;
  agree.addEventListener("change", () => {
    draft.agreed = agree.checked;
    fault("");
  });

  const slots = days(department.slots, about.lang);
  const hour = h("select", { id: "h" });
  const day = h("select", { id: "d" }, ...[...slots.keys()].map((each) => choice(each, each, false)));
  const fillHours = () =>
    hour.replaceChildren(...(slots.get(day.value) ?? []).map(([at, text]) => choice(String(at), text, false)));
  day.addEventListener("change", fillHours);
  fillHours();

  const queues = h("select", { id: "q", change: () => changed({ queue: queues.value }) });
  for (const each of about.departments) queues.append(choice(each.queue, each.title, each === department));

  const submit = (event: Event) => {
    event.preventDefault();
    const whole = e164(number.value, country, about.countries);
    if (whole[0] !== "+") return fault(texts[whole]!, number);
    if (consent.ask && !agree.checked) return fault(texts.bad_consent!, agree);
    if (later && !hour.value) return fault(texts.bad_slot!, day);
    return send({
      number: whole,
      queue: department.queue,
      at: later ? +hour.value : 0,
      offer: later ? "" : department.offer,
      consent: { version: consent.version, given: consent.ask ? agree.checked : true },
    });
  };
  return h(
    "form",
    { submit, novalidate: true },
    h("p", {}, department.says[+later]![1]),
    about.departments.length > 1 && h("label", { for: "q" }, texts.department, queues),
    h("label", { for: "n" }, texts.phone),
    about.countries.length > 1 ? h("div", { class: "row phone" }, prefix, number) : number,
    later &&
      h("div", { class: "row" }, h("label", { for: "d" }, texts.day, day), h("label", { for: "h" }, texts.hour, hour)),
    consent.ask
      ? h("label", { class: "agree", for: "a" }, agree, h("span", {}, consent.text))
      : h("p", { class: "small" }, consent.text),
    error,
    h("button", { class: "send", type: "submit" }, icon(later ? "clock" : "phone"), later ? texts.send_later : texts.send),
    department.now &&
      !!department.slots.length &&
      h("button", { class: "link", type: "button", click: () => changed({ later: !later }) }, later ? texts.now : texts.later),
  );
}
