// What the page says about us: the script element and its data- attributes; and how we speak with the PBX.

export interface Page {
  base: string; // "https://pbx.example"
  key: string;
  language: string; // "": by the page
  region: string; // whose visitors the page is for
  consent: boolean; // nothing is stored before it is given
  widget: boolean;
  position: string;
  offset: string;
  z: string;
  hide: string[];
}

export function read(script: HTMLScriptElement): Page {
  const data = script.dataset;
  const language = data.lang ?? "auto";
  return {
    base: new URL(script.src, location.href).origin,
    key: data.key ?? "",
    language: language === "auto" ? "" : language,
    region: data.region ?? "",
    consent: data.consent === "required",
    widget: data.widget !== "off",
    position: data.position ?? "",
    offset: data.offset ?? "",
    z: data.z ?? "",
    hide: (data.hide ?? "").split(",").map((each) => each.trim()).filter(Boolean),
  };
}

export const languageOf = (page: Page): string =>
  page.language || document.documentElement.lang || navigator.language || "";

/** POSTs JSON as text, for which a browser asks no permission first. Throws when there is no answer; `last` is sent even
 * while the page goes away. */
export async function post(page: Page, path: string, body: object, last = false): Promise<Response> {
  const text = JSON.stringify({ site: page.key, ...body });
  return fetch(page.base + path, {
    method: "POST",
    body: text,
    headers: { "content-type": "text/plain" },
    credentials: "omit",
    keepalive: last || text.length < 8000,
    referrerPolicy: "strict-origin-when-cross-origin",
  });
}
