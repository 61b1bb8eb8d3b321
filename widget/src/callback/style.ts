// The look, as one sheet that every widget of the page adopts: no style element, so that style-src 'self' is enough.

import CSS from "./style.css";

let sheet: CSSStyleSheet | undefined;

/** Styles a shadow root. */
export function dress(root: ShadowRoot): void {
  if ("adoptedStyleSheets" in root) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    root.adoptedStyleSheets = [sheet];
  } else {
    const style = document.createElement("style");
    style.textContent = CSS;
    (root as ShadowRoot).append(style);
  }
}
