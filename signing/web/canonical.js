// Canonical JSON, as signing/canonical.py: parse, write again, compare every byte.
import { Fault, isEqual, utf8 } from "./bytes.js";

const DEPTH_MAX = 16;
const ASCII = /^[\x00-\x7f]*$/;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

export function encodeCanonical(value) {
  return utf8(writeCanonical(value, DEPTH_MAX));
}

// `itemsMax` bounds the commas, before anything is made of them.
export function decodeCanonical(data, sizeMax, itemsMax = Infinity) {
  if (data.length > sizeMax) throw new Fault(`${data.length} bytes exceed the limit of ${sizeMax}`);
  const commas = data.reduce((count, byte) => count + (byte === 0x2c ? 1 : 0), 0);
  if (commas > itemsMax) throw new Fault(`more than ${itemsMax} commas`);
  let value;
  let isCanonical = false;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
    isCanonical = isEqual(encodeCanonical(value), data);
  } catch {
    // no JSON, or a value outside the form: the same answer
  }
  if (!isCanonical) throw new Fault("not the canonical form of a value");
  return value;
}

function writeCanonical(value, depthLeft) {
  if (typeof value === "string") return writeText(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Fault("an integer is outside ±(2^53−1)");
    return String(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (depthLeft === 0) throw new Fault(`nested deeper than ${DEPTH_MAX}`);
  if (Array.isArray(value)) return `[${value.map((item) => writeCanonical(item, depthLeft - 1)).join(",")}]`;
  const members = Object.keys(value).sort().map((key) => {
    if (!ASCII.test(key)) throw new Fault("object keys are ASCII text");
    return `${JSON.stringify(key)}:${writeCanonical(value[key], depthLeft - 1)}`;
  });
  return `{${members.join(",")}}`;
}

function writeText(text) {
  if (LONE_SURROGATE.test(text)) throw new Fault("str is not valid UTF-8: surrogates not allowed");
  if (text.normalize("NFC") !== text) throw new Fault("text is not in NFC");
  return JSON.stringify(text);
}

// What Python's readers of objects ask again and again.
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function hasExactly(value, names) {
  return isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}

export function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

export function isText(value, pattern) {
  return typeof value === "string" && (pattern === undefined || pattern.test(value));
}

export const HEX32 = /^[0-9a-f]{32}$/;
export const HEX64 = /^[0-9a-f]{64}$/;
export const UNIT = /^[0-9]{2,5}$/;
