// A request for a call: asked, followed until it is over, taken back.

import { type Page, languageOf, post } from "../page.ts";
import { Refusal, type Settings, type State, type Taken, type Wish } from "./settings.ts";
import { solve } from "./work.ts";

const POLL_MS = 2000;
const TRIES = 3; // with a challenge that has grown old meanwhile

export async function settings(page: Page, queue = ""): Promise<Settings> {
  const asked = new URLSearchParams({ key: page.key, lang: languageOf(page), queue });
  const response = await fetch(`${page.base}/w/config?${asked}`, { credentials: "omit" });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}

/** Throws Refusal, or what fetch throws. */
export async function ask(page: Page, about: Settings, wish: Wish, visit: string): Promise<Taken> {
  let work = about.work;
  for (let tries = 1; ; tries++) {
    const counter = await solve(work.challenge, wish.number, work.bits);
    const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions();
    const proof = { challenge: work.challenge, counter };
    const body = { ...wish, visit, page: location.href, lang: about.lang, zone, work: proof };
    const response = await post(page, "/w/request", body);
    const answer = await response.json();
    if (response.ok) return answer;
    if (answer.work) about.work = work = answer.work;
    if (!answer.work || tries === TRIES) throw new Refusal(answer.error, answer.text);
  }
}

export async function cancel(page: Page, token: string): Promise<void> {
  await post(page, `/w/request/${token}/cancel`, {});
}

/** Tells each state of a request, by events of the server or, where those do not come through, by asking. Returns what
 * stops it. */
export function follow(page: Page, token: string, told: (state: State) => void): () => void {
  const url = `${page.base}/w/request/${token}`;
  let timer = 0;
  const stop = () => {
    stream.close();
    clearTimeout(timer);
    timer = -1;
  };
  const hear = (state: State) => {
    if (timer === -1) return;
    if (state.over) stop();
    told(state);
  };
  const poll = async () => {
    await fetch(url, { credentials: "omit" })
      .then(async (response) => response.ok && hear(await response.json()))
      .catch(() => undefined);
    if (timer !== -1) timer = window.setTimeout(poll, POLL_MS);
  };
  const stream = new EventSource(`${url}/events`);
  stream.onmessage = (event) => hear(JSON.parse(event.data));
  stream.onerror = () => {
    if (stream.readyState === 2 && timer === 0) void poll();
  };
  return stop;
}
