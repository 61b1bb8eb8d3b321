// Text of a page in runs: what a reader sees as one line of words, be it spread over several inline elements.

const INLINE = new Set(
  ("A,ABBR,B,BDI,BDO,CITE,CODE,DATA,DFN,EM,FONT,I,INS,LABEL,MARK,NOBR,Q,S,SMALL,SPAN,STRONG,SUB,SUP,TIME,TT,U,VAR,WBR").split(","),
);
const NEVER = new Set("SCRIPT,STYLE,TEXTAREA,INPUT,SELECT,NOSCRIPT,TEMPLATE,IFRAME,OBJECT,SVG,CANVAS,PBX-CALLBACK".split(","));

export type Run = Text[];

/** Whether nothing in the element is ours to change. */
export function isForeign(element: Element): boolean {
  return (
    NEVER.has(element.tagName.toUpperCase()) ||
    element.hasAttribute("data-pbx-noswap") ||
    (element.hasAttribute("data-pbx-reveal") && !element.hasAttribute("data-pbx-number")) ||
    ((element as HTMLElement).contentEditable ?? "inherit") === "true"
  );
}

/** Whether the element, or one around it, is none of our business. */
export function isInForeign(element: Element | null): boolean {
  for (let at = element; at; at = at.parentElement) if (isForeign(at)) return true;
  return false;
}

/** The element whose text is read together with that of `node`. */
export function blockOf(node: Node): Element | null {
  let at = node instanceof Element ? node : node.parentElement;
  while (at && INLINE.has(at.tagName) && at.parentElement) at = at.parentElement;
  return at;
}

/** The runs within `root`, each with at least `least` digits. */
export function runs(root: Node, least = 5): Run[] {
  const found: Run[] = [];
  let run: Run = [];
  const flush = () => {
    let count = 0;
    for (const text of run) count += text.data.replace(/\D/g, "").length;
    if (run.length && count >= least) found.push(run);
    run = [];
  };
  const walk = (node: Node) => {
    if (node.nodeType === 3) {
      run.push(node as Text);
    } else if (node.nodeType === 1 || node.nodeType === 11) {
      if (node !== root && node.nodeType === 1 && isForeign(node as Element)) return flush();
      const inline = INLINE.has((node as Element).tagName);
      if (!inline) flush();
      for (let child = node.firstChild; child; child = child.nextSibling) walk(child);
      if (!inline) flush();
    }
  };
  walk(root);
  flush();
  return found;
}

export const joined = (run: Run): string => run.map((text) => text.data).join("");

/** The nodes that hold the characters from `start` to `end` of a run, with their parts: [node, from, to]. */
export function parts(run: Run, start: number, end: number): [Text, number, number][] {
  const found: [Text, number, number][] = [];
  let at = 0;
  for (const text of run) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, text.data.length);
    if (from < to) found.push([text, from, to]);
    at += text.data.length;
  }
  return found;
}

/** The innermost element that holds all of the nodes. */
export function boxOf(nodes: Text[]): Element | null {
  let box = nodes[0]?.parentElement ?? null;
  while (box && nodes.some((text) => !box!.contains(text))) box = box.parentElement;
  return box;
}
