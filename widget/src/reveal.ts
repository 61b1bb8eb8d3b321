// Masked numbers: the last digits are shown when the visitor asks for them, and each wish counts. Nothing is replaced but
// the digits; a page that holds the whole number shows it without us, one that holds "22 123 XX XX" gets it from the server.

import { digits } from "./numbers.ts";

const HIDDEN = 4; // digits, unless data-pbx-hide says otherwise

/** The whole of a masked number: E.164 and as people write it. */
export interface Whole {
  number: string;
  international: string;
}

/** Masks every [data-pbx-reveal] within `root`; `ask(name)` counts a wish and gives the number. */
export function mask(root: ParentNode, label: string, ask: (name: string) => Promise<Whole | undefined>): void {
  root.querySelectorAll<HTMLElement>("[data-pbx-reveal]:not([data-pbx-state])").forEach((element) => {
    const text = element.textContent ?? "";
    const cut = /X|x|\*|•|…/.test(text); // by whoever wrote the page
    const count = digits(text).length;
    if (element.childElementCount || (!cut && count < 5)) return;
    let left = count - Math.min(+(element.getAttribute("data-pbx-hide") ?? HIDDEN) || HIDDEN, count - 1);
    const masked = cut ? text : text.replace(/\d/g, (digit) => (left-- > 0 ? digit : "X"));
    const before = ["href", "role", "tabindex", "aria-label"].map((name) => [name, element.getAttribute(name)] as const);
    element.setAttribute("data-pbx-state", "masked");
    element.textContent = masked;
    element.removeAttribute("href");
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    element.setAttribute("aria-label", `${label}: ${masked}`);
    const show = (whole: string, number: string) => {
      for (const name of ["click", "keydown"]) element.removeEventListener(name, open);
      for (const [name, value] of before) {
        if (value === null) element.removeAttribute(name);
        else element.setAttribute(name, value);
      }
      if (number && element.tagName === "A") element.setAttribute("href", `tel:${number}`);
      element.textContent = whole;
      element.setAttribute("data-pbx-state", "shown");
    };
    const open = (event: Event) => {
      if (event instanceof KeyboardEvent && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      const asked = ask(element.getAttribute("data-pbx-reveal")!);
      if (!cut) show(text, "");
      else void asked.then((whole) => whole && show(whole.international, whole.number));
    };
    for (const name of ["click", "keydown"]) element.addEventListener(name, open);
  });
}
