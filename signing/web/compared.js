// What a person holds against the paper: facts and content of a signed record as names and values in words. The same rule as
// signing/compared.py; the words come from there too.
import { DAYS, FIELDS, FOR_PROGRAMS, GROUPED, INSTANTS, STATES, STATE_FIELDS, UNIT_FIELDS, UNITS, VALUES } from "./words.js";

const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000;
const DAY_NUMBER_MAX = 99_991_231;
const FIELD_PLACES = new Map(Object.keys(FIELDS).map((name, place) => [name, place]));

export function sayDay(day) {
  const text = String(day);
  return `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}`;
}

export function sayInstant(ms) {
  const at = new Date(ms + VIETNAM_OFFSET_MS);
  if (!(at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999)) return `${ms} ms`;
  const two = (number) => String(number).padStart(2, "0");
  const day = `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} (UTC+07:00)`;
}

export function sayUnit(code, name) {
  const known = name ?? UNITS[code];
  return known ? `${known} (${code})` : code;
}

// Name and value of every member to compare, in the order of a paper.
export function compared({ kind, facts, content }, language, unitNamed = (code) => sayUnit(code, null)) {
  if (!facts) return [];
  const saying = { kind: kind.split("@")[0], language, unitNamed };
  const rows = [...memberRows(saying, facts), ...memberRows(saying, content ?? {})];
  return rows.sort((one, other) => one[0] - other[0]).map(([, name, value]) => [name, value]);
}

const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isEmpty = (value) => value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
const keysOf = ({ kind }, key, short) => [`${kind} ${key}`, key, short];
const isHidden = ({ kind }, name) => FOR_PROGRAMS.includes(name) && !Object.hasOwn(FIELDS, `${kind} ${name}`);

// Members of members by both names, the fields of a form by their own and all of them.
function memberRows(saying, values, prefix = "", isForm = false) {
  return Object.entries(values).flatMap(([name, value]) => {
    if (isEmpty(value) || (isHidden(saying, name) && !isForm)) return [];
    const key = prefix + name;
    if (Array.isArray(value)) return listRows(saying, key, value);
    if (!isTable(value)) return [memberRow(saying, key, key, value)];
    if (key === "files" || key === "units") return listRows(saying, key, Object.values(value));
    return memberRows(saying, value, name === "fields" || name === "set" ? "" : `${key}.`, name === "fields");
  });
}

// A list of words in one line; of things that have members a line for each. Which fields the content has is told by it.
function listRows(saying, key, items) {
  if (key === "fields") return [];
  const [place, name] = memberRow(saying, key, key, "");
  if (!items.some(isTable)) return [[place, name, items.map((item) => sayValue(saying, key, key, item)).join(", ")]];
  return items
    .map((item, at) => [place, items.length === 1 ? name : `${name} ${at + 1}`, isTable(item) ? sayItem(saying, key, item) : sayValue(saying, key, key, item)])
    .filter(([, , value]) => value !== "");
}

function sayItem(saying, key, item) {
  const shown = Object.entries(item).filter(([name, value]) => !isHidden(saying, name) && (value === null ? false : typeof value !== "object"));
  const rows = shown.map(([name, value]) => memberRow(saying, `${key}.${name}`, name, value));
  return rows.sort((one, other) => one[0] - other[0]).map(([, name, value]) => `${name}: ${value}`).join("; ");
}

function memberRow(saying, key, short, value) {
  const found = keysOf(saying, key, short).find((each) => Object.hasOwn(FIELDS, each));
  return [FIELD_PLACES.get(found) ?? FIELD_PLACES.size, found === undefined ? short : FIELDS[found][saying.language], sayValue(saying, key, short, value)];
}

function sayValue(saying, key, short, value) {
  const keys = keysOf(saying, key, short);
  if (typeof value === "boolean") return { vi: ["không", "có"], en: ["no", "yes"] }[saying.language][Number(value)];
  for (const each of keys) {
    if (Object.hasOwn(VALUES, each) && Object.hasOwn(VALUES[each], String(value))) return VALUES[each][String(value)][saying.language];
  }
  if (typeof value === "number") return sayNumber(saying, keys, value);
  if (typeof value !== "string") return JSON.stringify(value);
  if (keys.some((each) => UNIT_FIELDS.includes(each))) return saying.unitNamed(value);
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  return day === null ? value : `${day[3]}/${day[2]}/${day[1]}`;
}

function sayNumber({ language }, keys, value) {
  const is = (names) => keys.some((each) => names.includes(each));
  if (is(STATE_FIELDS) && STATES[value]) return STATES[value][language];
  if (is(INSTANTS) || (keys.includes("due") && value > DAY_NUMBER_MAX)) return sayInstant(value);
  if (is(DAYS)) return sayDay(value);
  return is(GROUPED) ? String(value).replace(/\B(?=(\d{3})+$)/g, language === "vi" ? "." : ",") : String(value);
}
