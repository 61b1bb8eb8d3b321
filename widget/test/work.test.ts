import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256, solve, zeros } from "../src/callback/work.ts";

const hex = (sum: Uint32Array): string => [...sum].map((word) => word.toString(16).padStart(8, "0")).join("");

test("SHA-256 is that of others, at every length around a block", () => {
  for (const text of ["", "abc", "zażółć", ..."x".repeat(130).split("").map((_, count) => "a".repeat(count))])
    assert.equal(hex(sha256(text)), createHash("sha256").update(text).digest("hex"), text);
});

test("a solution has the zero bits that were asked for", async () => {
  const counter = await solve("challenge", "+48600100200", 10);
  const sum = createHash("sha256").update(`challenge:+48600100200:${counter}`).digest();
  assert.ok(sum.readUInt32BE(0) < 2 ** 22);
  assert.equal(zeros(new Uint32Array([0, 1])), 32);
});
