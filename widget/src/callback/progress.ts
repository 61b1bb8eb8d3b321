// What becomes of a request, as the visitor sees it: requested, ringing, connected; or why not, and what he may do.

import { h, icon } from "./dom.ts";
import { clock } from "./form.ts";
import type { Settings, State } from "./settings.ts";

const STEPS = ["requested", "ringing", "connected"] as const;

export interface Doing {
  cancel: () => void;
  again: () => void;
}

/** The words for a state: for the page, and for whoever listens to it. */
export function words({ texts, lang }: Settings, state: State): [string, string] {
  const title = texts[state.state] ?? "";
  let text = texts[`${state.state}_text`] ?? "";
  if (state.state === "scheduled") text = text.replace("{time}", clock(state.at, lang));
  if (state.state === "failed") {
    if (state.at) text = texts.again!.replace("{time}", clock(state.at, lang));
    if (state.sms) text += ` ${texts.sms}`;
  }
  return [title, text.trim()];
}

export function progress(about: Settings, state: State, left: HTMLElement, doing: Doing): HTMLElement {
  const { texts } = about;
  const step = STEPS.indexOf(state.state as (typeof STEPS)[number]);
  const [title, text] = words(about, state);
  const icons = ["clock", "phone", "check"] as const;
  const steps = h("ol", { class: "steps" });
  STEPS.forEach((each, index) => {
    const classes = `${index <= step ? "on" : ""} ${index === step && !state.over ? "now" : ""}`;
    steps.append(
      h("li", { class: classes, "aria-current": index === step && "step" }, h("i", {}, icon(icons[index]!)), texts[`step_${each}`]),
    );
  });
  const good = state.state === "scheduled";
  return h(
    "div",
    { class: "live" },
    step >= 0 ? steps : h("div", { class: `mark ${good ? "" : "bad"}` }, icon(good ? "check" : "alert")),
    h("p", { class: "big" }, title),
    state.state === "requested" && left,
    text !== "" && h("p", {}, text),
    state.state === "failed" && h("button", { class: "send", type: "button", click: doing.again }, icon("phone"), texts.retry),
    state.state === "cancelled" && h("button", { class: "send", type: "button", click: doing.again }, texts.anew),
    (state.state === "requested" || state.state === "scheduled" || (state.state === "failed" && !state.over)) &&
      h("button", { class: "link", type: "button", click: doing.cancel }, texts.cancel),
  );
}
