// One finding as people see it: the answer large, then the two axes, what to compare, what was and was not checked.
import { DAY_MS } from "./bytes.js";
import { compared, sayInstant, sayUnit } from "./compared.js";
import { FINDING_TEXTS } from "./texts.js";
import { recordNumbers } from "./verify.js";
import { CHECKS, KINDS, NEXT_STEPS } from "./words.js";

const ACCEPTING = { unknown: "force_unknown", corrected: "corrected" };
const FOR_THE_PROVINCE = new Set(["REVOKED_NO_POE", "REVOKED_CA_NO_POE", "MC_CHAIN_FORKED"]);

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
  if (report.records.some((each) => each.document)) body.append(axes(report, words), ...comparisons(report, language));
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
  const sentence = decidingSentence(report, language);
  const icon = make("i", "", sign);
  icon.ariaHidden = "true";
  return make("div", "verdict", icon, make("span", "", make("b", "", head), sentence[0].toUpperCase() + sentence.slice(1)));
}

// What decided, and where a file has several records, of which.
function decidingSentence(report, language) {
  const sentence = report[language].slice(report[language].indexOf(": ") + 2);
  const isThis = (check) => check.record !== null && check[`why_${language}`].toLowerCase() === sentence.toLowerCase();
  const numbers = [...new Set(report.checks.filter(isThis).map((check) => check.record + 1))];
  return numbers.length === 0 || report.records.length < 2 ? sentence : `${sentence} ${FINDING_TEXTS[language].seeRecord} ${numbers.join(", ")}.`;
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
  if (report.indication === "PASSED") return report.exit_code === 0 ? ACCEPTING[report.force.in_force] ?? "accept" : "out_of_force";
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

function hasRightSignature({ checks }) {
  const found = checks.filter((check) => check.id === "signature");
  return found.some((check) => check.result === "pass") && !found.some((check) => check.result === "fail");
}

function axes(report, words) {
  const axis = (title, value) => make("p", "", make("span", "", title), make("strong", "", value));
  return make("div", "axes", axis(words.signature, signatureWord(report, words)), axis(words.force, forceWord(report, words)));
}

// The force of the file, and which records are so where others are not.
function forceWord({ force, records }, words) {
  const isNamed = force.records.length < records.length;
  return `${words.forces[force.in_force]}${isNamed ? ` (${words.recordNumber.toLowerCase()} ${recordNumbers(force)})` : ""}`;
}

function kindWord(kind, language) {
  return FINDING_TEXTS[language].papers[kind] ?? KINDS[kind]?.[language] ?? kind;
}

// What to compare, record by record: the order of a file's records is nobody's word, so none of them speaks for the others.
function comparisons(report, language) {
  const words = FINDING_TEXTS[language];
  if (report.records.length < 2) return comparison(report.records[0], report, language);
  const blocks = report.records.flatMap((record, position) => {
    if (!record.document) return [];
    const checks = report.checks.filter((check) => check.record === position);
    const force = record.document.in_force === "unknown" ? words.forceOpen : words.forces[record.document.in_force];
    const state = hasRightSignature({ checks }) ? force : words.claimsOnly;
    const title = `${words.recordNumber} ${position + 1}: ${kindWord(record.document.kind, language)} – ${state}`;
    return [make("h4", record.document.in_force, title), definitions(recordRows(record, checks, words), "compare")];
  });
  return [make("h3", "", words.compareRecord), ...blocks];
}

function comparison(record, report, language) {
  const words = FINDING_TEXTS[language];
  const { document: signed } = record;
  const isPaper = signed.kind.startsWith("paper.");
  const rows = [[isPaper ? words.paper : words.record, kindWord(signed.kind, language)], ...recordRows(record, report.checks, words)];
  const heading = hasRightSignature(report) ? (isPaper ? words.comparePaper : words.compareRecord) : words.claimsOnly;
  const parts = [make("h3", "", heading)];
  if (isPaper && signed.facts) parts.push(make("p", "", words.compareHint));
  return [...parts, definitions(rows, "compare")];
}

// Content that is not there is said where a reader looks for it.
function recordRows(record, checks, words) {
  const { document: signed } = record;
  if (!signed.facts) return [];
  const unit = signed.kind.startsWith("paper.") ? [] : [[words.unit, sayUnit(signed.unit, null)]];
  const open = checks.filter((check) => check.id === "content" && check.result === "unknown").map((check) => [words.content, check[`why_${words.language}`]]);
  return [...unit, ...compared(signed, words.language), ...open, ...signerRows(record, words)];
}

function signerRows(record, words) {
  const rows = record.signers.map((signer) => {
    const roles = signer.roles.map((role) => words.roles[role] ?? role).join(", ");
    return [words.signer, [signer.name, signer.title, roles].filter(Boolean).join(" – ")];
  });
  const { claimed, not_before: before, not_after: after } = record.time;
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
    const kind = each.document ? `: ${kindWord(each.document.kind, language)}` : "";
    return [make("h4", "", `${words.recordNumber} ${number + 1}${kind} – ${recordVerdict(each, words)}`), list(number)];
  });
  return [list(null), ...titled];
}

function recordVerdict({ indication, document: signed }, words) {
  return indication === "PASSED" && ["withdrawn", "superseded"].includes(signed?.in_force) ? words.notInForce : words.verdicts[indication];
}

function technical(report, milliseconds, words) {
  const text = make("pre", "", JSON.stringify(report, null, 1));
  text.tabIndex = 0;
  const rows = [["SHA-256", report.input.sha256], ["ms", milliseconds.toFixed(0)]];
  return make("details", "", make("summary", "", words.technical), definitions(rows), text);
}
