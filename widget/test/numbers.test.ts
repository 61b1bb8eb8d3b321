import assert from "node:assert/strict";
import { test } from "node:test";
import { code, digits, fill, occurrences, place, restyle } from "../src/numbers.ts";

const found = (text: string, number: string): string[] => occurrences(text, number).map(([start, end]) => text.slice(start, end));

test("country codes of one, two and three digits", () => {
  for (const [number, expected] of [
    ["74951234567", "7"],
    ["12025550123", "1"],
    ["48221234567", "48"],
    ["420221234567", "420"],
    ["380441234567", "380"],
    ["79991234567", "7"],
  ]) assert.equal(code(number!), expected);
});

test("a number is found however it is written", () => {
  for (const text of [
    "+48 22 123 45 67", "+48221234567", "48 22 123-45-67", "0048 22 1234567", "22 123 45 67", "(22) 123-45-67",
    "022 123 45 67", "+48\u00a022\u00a0123\u00a045\u00a067", "+48 (22) 123.45.67", "22\u2011123\u201145\u201167",
  ]) assert.equal(digits(found(`call ${text} now`, "+48221234567").join()), digits(text), text);
  assert.deepEqual(found("8 (495) 123-45-67", "+74951234567"), ["8 (495) 123-45-67"]);
  assert.equal(found("22 123 45 67, 22 123 45 67", "+48221234567").length, 2);
});

test("other numbers are left alone", () => {
  for (const text of ["22 123 45 68", "122 123 45 678", "1221234567890", "123 45 67", "+49 22 123 45 67 8", ""])
    assert.deepEqual(found(text, "+48221234567"), [], text);
});

test("the new number stands in the places of the old one", () => {
  const restyled = (text: string) => restyle(text, "+48221234567", "+48228765432");
  assert.equal(restyled("+48 22 123 45 67"), "+48 22 876 54 32");
  assert.equal(restyled("(22) 123-45-67"), "(22) 876-54-32");
  assert.equal(restyled("0048 22 1234567"), "0048 22 8765432");
  assert.equal(restyled("022 123 45 67"), "022 876 54 32");
  assert.equal(restyle("8 (495) 123-45-67", "+74951234567", "+78127654321"), "8 (812) 765-43-21");
  assert.equal(restyle("+48 22 123 45 67", "+48221234567", "+74951234567"), "", "another country has other groups");
});

test("masks say how a number is written", () => {
  assert.equal(fill("+48 ### ### ###", "+48221234567"), "+48 221 234 567");
  assert.equal(fill("8 (###) ###-##-##", "+74951234567"), "8 (495) 123-45-67");
  assert.equal(fill("### ### ###", "+48221234567"), "221 234 567");
  assert.equal(fill("0 ## ### ## ##", "+48221234567"), "0 22 123 45 67");
  assert.equal(fill("+##-##-###-####", "+48221234567"), "+48-22-123-4567");
  assert.equal(fill("+48 ### ### ###", "+74951234567"), "", "the mask is of another country");
  assert.equal(fill("+48 ### ###", "+48221234567"), "", "digits would be lost");
  assert.equal(fill("### ###", "+48221234567"), "", "digits would be lost");
  assert.equal(fill("no number", "+48221234567"), "");
});

test("digits are replaced one by one", () => {
  assert.equal(place("ab 12-3", "987"), "ab 98-7");
});
