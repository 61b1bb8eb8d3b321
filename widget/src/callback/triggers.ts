// When the pop-up opens by itself: after a time, a share of the page, or as the mouse leaves; once a visit.

import type { Settings } from "./settings.ts";

/** Calls `open` at most once; returns what takes the triggers back. */
export function arm(triggers: Settings["triggers"], open: () => void): () => void {
  const undo: (() => void)[] = [];
  const stop = () => undo.splice(0).forEach((each) => each());
  const fire = () => {
    stop();
    open();
  };
  const listen = (where: EventTarget, name: string, heard: (event: any) => void) => {
    where.addEventListener(name, heard, { passive: true });
    undo.push(() => where.removeEventListener(name, heard));
  };
  if (triggers.after_s > 0) {
    const timer = setTimeout(fire, triggers.after_s * 1000);
    undo.push(() => clearTimeout(timer));
  }
  if (triggers.exit) {
    listen(document.documentElement, "mouseleave", (event: MouseEvent) => event.clientY <= 0 && fire());
  }
  if (triggers.scroll > 0) {
    listen(window, "scroll", () => {
      const long = document.documentElement.scrollHeight - innerHeight;
      if (long > 0 && scrollY / long >= triggers.scroll) fire();
    });
  }
  return stop;
}
