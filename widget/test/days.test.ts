import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, days } from "../src/callback/form.ts";

process.env.TZ = "America/New_York"; // the visitor's clock, not the hotline's

const at = (text: string): number => Date.parse(text) / 1000;

test("hours are those of the visitor's clock, also when it changes", () => {
  const spring = [at("2027-03-14T06:30:00Z"), at("2027-03-14T07:00:00Z"), at("2027-03-14T22:00:00Z")];
  const found = days(spring, "en-GB");
  assert.deepEqual([...found.keys()], ["Sun 14 Mar"]);
  assert.deepEqual(found.get("Sun 14 Mar")!.map(([, text]) => text), ["01:30", "03:00", "18:00"]);
  const autumn = days([at("2026-11-01T05:30:00Z"), at("2026-11-01T06:30:00Z")], "en-GB").get("Sun 1 Nov")!;
  assert.deepEqual(autumn.map(([, text]) => text), ["01:30", "01:30"], "twice on the clock");
  assert.equal(new Set(autumn.map(([instant]) => instant)).size, 2, "and two instants");
});

test("a slot of the hotline's evening may be another day for him", () => {
  assert.deepEqual([...days([at("2026-11-24T02:00:00Z"), at("2026-11-24T15:00:00Z")], "en-GB").keys()], ["Mon 23 Nov", "Tue 24 Nov"]);
  assert.equal(clock(at("2026-11-24T15:00:00Z"), "en-GB"), "Tuesday 10:00");
});
