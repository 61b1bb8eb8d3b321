import assert from "node:assert/strict";
import { test } from "node:test";
import { type Country, countryOf, e164, grouped } from "../src/callback/phone.ts";

const PL: Country = { code: "PL", prefix: "48", mask: "### ### ###", lengths: [9], trunk: "" };
const RU: Country = { code: "RU", prefix: "7", mask: "### ###-##-##", lengths: [10], trunk: "8" };

test("a number is read as people type it", () => {
  for (const typed of ["512345678", "512 345 678", "+48 512 345 678", "0048512345678", "48512345678", "512-345-678"])
    assert.equal(e164(typed, PL), "+48512345678", typed);
  for (const typed of ["9161234567", "8 916 123-45-67", "+7 (916) 123-45-67", "7 916 123 45 67"])
    assert.equal(e164(typed, RU), "+79161234567", typed);
});

test("a number is read as other programs write it", () => {
  const written = ["+48 (0) 512 345 678", "\u202a+48 512 345 678\u202c", "５１２３４５６７８", "＋48 512\u00a0345\u2011678", "512\u2013345\u2013678"];
  for (const typed of written) assert.equal(e164(typed, PL), "+48512345678", typed);
});

test("what is wrong is said", () => {
  for (const typed of ["", "51234567", "+", "00", "+4", "+48 512", "0048"]) assert.equal(e164(typed, PL), "bad_number", typed);
  for (const typed of ["5123456789", "abc512345678", "512345678 ext 12", "512345678,,5", "512+345678", "\u0665\u0661\u0662345678", "+48 512 345 678 90"])
    assert.equal(e164(typed, PL), "bad_format", typed);
  for (const typed of ["+49 512 345 678 90", "0049301234567", "+7 916 123-45-67"]) assert.equal(e164(typed, PL), "bad_country", typed);
  assert.equal(e164("+7 916 123-45-67", PL, [PL, RU]), "+79161234567", "of the other country that is served");
});

test("digits are grouped while they are typed", () => {
  assert.equal(grouped("5123", PL), "512 3");
  assert.equal(grouped("512345678", PL), "512 345 678");
  assert.equal(grouped("5123456789", PL), "512 345 6789");
  assert.equal(grouped("9161234567", RU), "916 123-45-67");
  assert.equal(grouped("+4851", PL), "+4851");
  assert.equal(grouped("５１２３", PL), "512 3");
  assert.equal(grouped("512345678 ext 12", PL), "512345678 ext 12", "what is no number is left to be judged");
});

test("the country follows what is typed", () => {
  assert.equal(countryOf("+7 916", [PL, RU]), RU);
  assert.equal(countryOf("0048", [PL, RU]), PL);
  assert.equal(countryOf("512", [PL, RU]), undefined);
});
