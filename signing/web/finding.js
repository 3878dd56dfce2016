// One finding as people see it: the answer large, then the two axes, what to compare, what was and was not checked.
import { DAY_MS } from "./bytes.js";
import { FINDING_TEXTS } from "./texts.js";
import { CHECKS, KINDS, NEXT_STEPS, UNITS } from "./words.js";

const VIETNAM_OFFSET_MS = 7 * 60 * 60 * 1000;
const INSTANTS = new Set(["received"]);
const DAYS = new Set(["issued", "due", "date"]);
const ACCEPTING = { unknown: "force_unknown", corrected: "corrected" };
const FOR_THE_PROVINCE = new Set(["REVOKED_NO_POE", "REVOKED_CA_NO_POE", "MC_CHAIN_FORKED"]);
const UNIT_FIELDS = new Set(["receiving", "competent"]);

export function sayDay(day) {
  const text = String(day);
  return `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}`;
}

export function sayInstant(ms) {
  const at = new Date(ms + VIETNAM_OFFSET_MS);
  if (Number.isNaN(at.getTime())) return `${ms} ms`;
  const two = (number) => String(number).padStart(2, "0");
  const day = `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} (UTC+07:00)`;
}

export function sayUnit(code, name) {
  const known = name ?? UNITS[code];
  return known ? `${known} (${code})` : code;
}

function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function definitions(rows, className) {
  return make("dl", className, ...rows.flatMap(([term, value]) => [make("dt", "", term), make("dd", "", value)]));
}

export function showFinding({ name, report, milliseconds, at }, language) {
  const words = FINDING_TEXTS[language];
  const isOut = report.indication === "PASSED" && report.exit_code === 1;
  const next = make("p", "next", make("span", "", words.next), NEXT_STEPS[nextStep(report)][language]);
  const body = make("div", "", next, make("p", "", make("code", "", name)));
  if (report.document) body.append(axes(report, words), ...comparison(report, words));
  body.append(make("h3", "", words.checks), ...checkLists(report, language));
  const open = report.exit_code === 3 ? [words.nothingChecked] : [...report.not_checked.map((item) => item[language]), ...statusAge(report, words)];
  body.append(make("h3", "", words.notChecked), make("ul", "", ...open.map((text) => make("li", "not", text))));
  body.append(make("p", "by", `${words.checkedAt} ${sayInstant(at)} · ${words.trust} ${report.trust.bundle_version} · ${words.fingerprint} ${sayFingerprint(report.trust.root_fingerprint)}`));
  body.append(technical(report, milliseconds, words), printButton(words));
  return make("article", isOut ? "FAILED" : report.indication, verdict(report, isOut, language), body);
}

function verdict(report, isOut, language) {
  const words = FINDING_TEXTS[language];
  const sign = { PASSED: "✓", FAILED: "✗", INDETERMINATE: "?" }[isOut ? "FAILED" : report.indication];
  const isUnreadable = report.exit_code === 3;
  const head = isUnreadable ? words.unreadable : isOut ? words.notInForce : words.verdicts[report.indication];
  const sentence = report[language].slice(report[language].indexOf(": ") + 2);
  const icon = make("i", "", sign);
  icon.ariaHidden = "true";
  return make("div", "verdict", icon, make("span", "", make("b", "", head), sentence[0].toUpperCase() + sentence.slice(1)));
}

// How old what is known of keys and documents is.
function statusAge({ status }, words) {
  if (!status) return [];
  const days = status.age_ms === null ? null : Math.max(0, Math.floor(status.age_ms / DAY_MS));
  return [`${words.statusUpTo} ${status.as_of_size}${days === null ? "" : `, ${words.daysAgo(days)}`}.`];
}

export function sayFingerprint(text) {
  return text.match(/.{1,4}/g).join(" ");
}

// Prints this finding alone: the others are left out of the print while the button has the focus.
function printButton(words) {
  const button = make("button", "print", words.print);
  button.type = "button";
  button.addEventListener("click", () => {
    const article = button.closest("article");
    article.classList.add("printed");
    article.parentElement.classList.add("one");
    print();
    article.classList.remove("printed");
    article.parentElement.classList.remove("one");
  });
  return button;
}

// The same step as signing/next_steps.py gives.
export function nextStep(report) {
  if (report.exit_code === 3) return "unreadable";
  if (report.indication === "PASSED") return report.exit_code === 0 ? ACCEPTING[report.document?.in_force ?? "unknown"] ?? "accept" : "out_of_force";
  if (report.indication === "FAILED") return "refuse";
  if (report.sub_indications.includes("TRY_LATER")) return "stale";
  if (report.sub_indications.includes("FORMAT_FAILURE")) return "outdated";
  if (report.sub_indications.some((each) => FOR_THE_PROVINCE.has(each))) return "review";
  if (report.sub_indications.some((each) => each !== "SIGNED_DATA_NOT_FOUND")) return "ask";
  return report.checks.some((check) => check.why_vi === CHECKS.content_erased.why_vi) ? "erased" : "withheld";
}

// The signature's own word: wrong, by somebody who may not sign this, by nobody of this province; where it is right and
// something else is not, that is said.
function signatureWord(report, words) {
  const failed = new Set(report.checks.filter((check) => check.result === "fail").map((check) => check.id));
  for (const id of ["signature", "registry", "key", "authority"]) if (failed.has(id)) return words.signatureWrong[id];
  if (report.indication === "PASSED" || !hasRightSignature(report)) return words.signatures[report.indication];
  return report.indication === "FAILED" ? words.rightBut : words.rightOpen;
}

function hasRightSignature(report) {
  return report.checks.some((check) => check.id === "signature" && check.result === "pass") && !report.checks.some((check) => check.id === "signature" && check.result === "fail");
}

function axes(report, words) {
  const axis = (title, value) => make("p", "", make("span", "", title), make("strong", "", value));
  return make("div", "axes", axis(words.signature, signatureWord(report, words)), axis(words.force, words.forces[report.document.in_force]));
}

function comparison(report, words) {
  const { document: signed } = report;
  const isPaper = signed.kind.startsWith("paper.");
  const rows = [[isPaper ? words.paper : words.record, isPaper ? words.papers[signed.kind] ?? signed.kind : KINDS[signed.kind]?.[words === FINDING_TEXTS.vi ? "vi" : "en"] ?? signed.kind]];
  if (signed.facts) {
    if (!isPaper) rows.push([words.unit, sayUnit(signed.unit, null)]);
    rows.push(...valueRows(signed.facts, words), ...valueRows(signed.content ?? {}, words), ...signerRows(report, words));
  }
  const heading = hasRightSignature(report) ? (isPaper ? words.comparePaper : words.compareRecord) : words.claimsOnly;
  const parts = [make("h3", "", heading)];
  if (isPaper && signed.facts) parts.push(make("p", "", words.compareHint));
  return [...parts, definitions(rows, "compare")];
}

// Facts and content as they were signed, one line a value; what is empty is left out.
function valueRows(values, words, prefix = "") {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    if (name === "fields" && Array.isArray(value)) return []; // which fields the content has is told by the content
    if (typeof value === "object" && !Array.isArray(value)) return valueRows(value, words, name === "fields" ? "" : `${name}.`);
    return [[words.fields[prefix + name] ?? prefix + name, sayValue(name, value, words)]];
  });
}

function sayValue(name, value, words) {
  if (Array.isArray(value)) return value.map((item) => (typeof item === "object" ? JSON.stringify(item) : String(item))).join(", ");
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (typeof value !== "number") return UNIT_FIELDS.has(name) ? sayUnit(value, null) : value;
  if (INSTANTS.has(name) || (name === "due" && value > 1e9)) return sayInstant(value);
  return DAYS.has(name) ? sayDay(value) : String(value);
}

function signerRows(report, words) {
  const rows = report.signers.map((signer) => {
    const roles = signer.roles.map((role) => words.roles[role] ?? role).join(", ");
    return [words.signer, [signer.name, signer.title, roles].filter(Boolean).join(" – ")];
  });
  const { claimed, not_before: before, not_after: after } = report.time;
  if (claimed !== null) rows.push([words.claimed, sayInstant(claimed)]);
  if (before?.time) rows.push([words.notBefore, sayInstant(before.time)]);
  if (after?.time) rows.push([words.notAfter, sayInstant(after.time)]);
  return rows;
}

// What was checked; where a file has several records, each under its own heading.
function checkLists(report, language) {
  const list = (record) => make("ul", "", ...report.checks.filter((check) => check.record === record).map((check) => make("li", check.result, check[`why_${language}`])));
  if (report.records.length < 2) return [make("ul", "", ...report.checks.map((check) => make("li", check.result, check[`why_${language}`])))];
  const words = FINDING_TEXTS[language];
  const titled = report.records.flatMap((each, number) => {
    const kind = each.document ? `: ${KINDS[each.document.kind]?.[language] ?? each.document.kind}` : "";
    return [make("h4", "", `${words.recordNumber} ${number + 1}${kind} – ${words.verdicts[each.indication]}`), list(number)];
  });
  return [list(null), ...titled];
}

function technical(report, milliseconds, words) {
  const text = make("pre", "", JSON.stringify(report, null, 1));
  text.tabIndex = 0;
  const rows = [["SHA-256", report.input.sha256], ["ms", milliseconds.toFixed(0)]];
  return make("details", "", make("summary", "", words.technical), definitions(rows), text);
}
