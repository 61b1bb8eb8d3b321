// Proof of work: SHA-256 of challenge, number and a counter begins with so many zero bits. Browsers of plain HTTP pages have
// no crypto.subtle, and a worker would ask for more of the page's policy: it is counted here, in slices between frames.

const SLICE_MS = 12;

const K = new Uint32Array(64);
const START = new Uint32Array(8);
for (let candidate = 2, count = 0; count < 64; candidate++) {
  let prime = true;
  for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) prime = false;
  if (!prime) continue;
  if (count < 8) START[count] = (candidate ** (1 / 2) % 1) * 2 ** 32; // FIPS 180-4, 5.3.3 and 4.2.2
  K[count++] = (candidate ** (1 / 3) % 1) * 2 ** 32;
}

type Eight = [number, number, number, number, number, number, number, number];
const W = new Uint32Array(64);

/** SHA-256 of a text as eight words. */
export function sha256(text: string): Uint32Array {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const sum = START.slice();
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) W[i] = view.getUint32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [W[i - 15]!, W[i - 2]!];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = W[i - 16]! + s0 + W[i - 7]! + s1;
    }
    let [a, b, c, d, e, f, g, h] = sum as unknown as Eight;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + W[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { sum[i] = sum[i]! + word; });
  }
  return sum;
}

/** Zero bits at the beginning. */
export const zeros = (sum: Uint32Array): number => (sum[0] ? Math.clz32(sum[0]) : 32);

/** A counter for which the sum of `challenge:number:counter` begins with `bits` zero bits (at most 32). */
export function solve(challenge: string, number: string, bits: number): Promise<number> {
  return new Promise((done) => {
    let counter = 0;
    const slice = () => {
      const end = performance.now() + SLICE_MS;
      while (performance.now() < end) {
        for (let i = 0; i < 64; i++, counter++) {
          if (zeros(sha256(`${challenge}:${number}:${counter}`)) >= bits) return done(counter);
        }
      }
      setTimeout(slice);
      return undefined;
    };
    slice();
  });
}
