// The code on paper, as signing/compact.py, qr.py and paper_verification.py: believed from the root keys down.
import { Fault, isEqual, toHex, utf8 } from "./bytes.js";
import { UNIT } from "./canonical.js";
import { decodeBase45, decodeCbor, encodeSigned } from "./cbor.js";
import { isSignedPlain, publicKey } from "./ed25519.js";
import { speaksOf, statusUnder } from "./status.js";
import { brokenEvidence, composeChecks, freshnessChecks, makeCheck, report, statusUsed } from "./verify.js";
import { NOT_CHECKED, TABLES } from "./words.js";

const PAPER_PREFIX = "MC1:";
const CHARACTERS_MAX = 1134;
const COSE_PROTECTED = Uint8Array.of(0xa1, 0x01, 0x27);

export function isPaperCode(data) {
  return isEqual(data.subarray(0, 4), utf8(PAPER_PREFIX));
}

function readPaperCode(data) {
  const decoded = String.fromCharCode(...data.subarray(0, 2 * CHARACTERS_MAX));
  const text = decoded.replace(/[\r\n]+$/, "");
  if (data.length > 2 * CHARACTERS_MAX || text.length > CHARACTERS_MAX) throw new Fault("a code on paper is shorter");
  const bytes = decodeBase45(text.slice(PAPER_PREFIX.length));
  if (bytes[0] !== 0xd2) throw new Fault("not a tagged COSE_Sign1");
  const parts = decodeCbor(bytes.subarray(1), 756);
  if (!Array.isArray(parts) || parts.length !== 4) throw new Fault("not the four parts of a COSE_Sign1");
  const [header, unprotected, payload, signature] = parts;
  const isOurs = isBytes(header) && isEqual(header, COSE_PROTECTED) && unprotected instanceof Map && unprotected.size === 0;
  if (!isOurs || !isBytes(payload) || !isBytes(signature, 64)) throw new Fault("another COSE header than ours");
  const content = decodeCbor(payload, 756);
  if (!Array.isArray(content) || content.length !== 3) throw new Fault("not the three parts of a code");
  const paper = readPaper(content[2]);
  return { registry: readRegistry(content[0]), device: readDevice(content[1]), paper, payload, signature };
}

function isBytes(value, length) {
  return value instanceof Uint8Array && (length === undefined || value.length === length);
}

function hasKeys(value, required, optional = []) {
  return value instanceof Map && required.every((key) => value.has(key)) && [...value.keys()].every((key) => required.includes(key) || optional.includes(key));
}

function readRegistry(value) {
  if (!Array.isArray(value) || value.length !== 2 || !isBytes(value[0]) || !Array.isArray(value[1])) throw new Fault("not a signed compact registry statement");
  const [payload, entries] = value;
  if (entries.length < 1 || entries.length > 8) throw new Fault("not a signed compact registry statement");
  const signatures = new Map();
  let before = "";
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2 || !isBytes(entry[0], 4) || !isBytes(entry[1], 64)) throw new Fault("not the signature of a root");
    const hint = toHex(entry[0]);
    if (hint <= before) throw new Fault("roots stand in the order of their ids, each once");
    before = hint;
    signatures.set(hint, entry[1]);
  }
  const stated = decodeCbor(payload, 1024);
  if (!hasKeys(stated, [1, 2, 3]) || !isBytes(stated.get(1)) || !isUnit(stated.get(2)) || !(stated.get(3) >= 0) || typeof stated.get(3) !== "number") {
    throw new Fault("not a compact registry statement");
  }
  return { payload, signatures, key: statedKey(stated.get(1)), province: stated.get(2), bundleVersion: stated.get(3) };
}

function readDevice(value) {
  if (!Array.isArray(value) || value.length !== 2 || !isBytes(value[0]) || !isBytes(value[1], 64)) throw new Fault("not a signed compact device statement");
  const stated = decodeCbor(value[0], 1024);
  const isRead = hasKeys(stated, [1, 2, 3, 4]) && isBytes(stated.get(1)) && isUnit(stated.get(2)) && typeof stated.get(4) === "number" && stated.get(4) >= 0;
  if (!isRead) throw new Fault("not a compact device statement");
  return { payload: value[0], signature: value[1], key: statedKey(stated.get(1)), unit: stated.get(2), unitName: paperLine(stated.get(3), 48) };
}

function isUnit(value) {
  return typeof value === "string" && UNIT.test(value);
}

function statedKey(raw) {
  try {
    return publicKey(raw);
  } catch (fault) {
    throw new Fault(fault.detail);
  }
}

// A text as it may stand on paper: one line, nothing invisible, not too long.
function paperLine(text, bytesMax) {
  if (typeof text !== "string" || text === "" || utf8(text).length > bytesMax) throw new Fault(`a text has 1 to ${bytesMax} bytes`);
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text) || text.normalize("NFC") !== text) throw new Fault("a text is one visible line");
  return text;
}

function within(value, least, most) {
  if (typeof value !== "number" || value < least || value > most) throw new Fault("a number is out of its bounds");
  return value;
}

function readPaper(value) {
  if (!hasKeys(value, [1, 2, 3, 4, 5], [6, 7, 8, 9])) throw new Fault("a paper has other members");
  const optional = (key, read) => (value.has(key) ? read(value.get(key)) : null);
  const day = (number) => within(number, 19000101, 30000100);
  const kind = TABLES.paperKinds[value.get(1)];
  if (typeof value.get(1) !== "number" || kind === undefined) throw new Fault("a kind of paper that is not known here");
  if (!isBytes(value.get(2), 32)) throw new Fault("a record id has 32 bytes");
  return {
    kind,
    record: toHex(value.get(2)),
    code: paperLine(value.get(3), 40),
    procedure: paperLine(value.get(4), 24),
    issued: day(value.get(5)),
    due: optional(6, day),
    holder: optional(7, (text) => paperLine(text, 64)),
    birth_year: optional(8, (year) => within(year, 1800, 2999)),
    result: optional(9, (text) => paperLine(text, 64)),
  };
}

function isCoseSigned(key, purpose, payload, signature) {
  return isSignedPlain(key, encodeSigned(COSE_PROTECTED, utf8(purpose), payload), signature);
}

async function countRoots(registry, roots) {
  let found = 0;
  for (const root of roots) {
    const signature = registry.signatures.get(root.id.slice(0, 8));
    if (signature && (await isCoseSigned(root, "motcua/registry/1", registry.payload, signature))) found += 1;
  }
  return found;
}

// A registry key counts if the bundle lists it, or if the roots signed it and no bundle since then has dropped it.
function registryCheck({ key, province, bundleVersion }, bundle, rootsFound) {
  if (bundle.registry.includes(key)) return "registry_believed";
  if (rootsFound < bundle.threshold || province !== bundle.province) return "registry_unsigned";
  return bundleVersion <= bundle.version ? "registry_replaced" : "registry_believed";
}

async function chainChecks(code, bundle, rootsFound) {
  const { registry, device, paper } = code;
  const name = registryCheck(registry, bundle, rootsFound);
  const checks = [makeCheck(name, registry.key.id)];
  if (name === "registry_unsigned") return { checks, isBelieved: false };
  if (!(await isCoseSigned(registry.key, "motcua/device/1", device.payload, device.signature))) {
    return { checks: [...checks, makeCheck("device_unsigned", device.key.id)], isBelieved: false };
  }
  checks.push(makeCheck("device_believed", device.key.id));
  if (!(await isCoseSigned(device.key, "motcua/qr/1", code.payload, code.signature))) {
    return { checks: [...checks, makeCheck("paper_forged", device.key.id)], isBelieved: false };
  }
  checks.push(makeCheck("paper_signed", paper.record));
  if ([...bundle.roots, ...bundle.registry, bundle.hub.key].includes(device.key)) checks.push(makeCheck("device_provincial", device.key.id));
  return { checks, isBelieved: true };
}

// Nothing shows when a code was printed: a key that was cut off, for whatever cause, leaves it open.
function paperStatusChecks({ registry, device, paper }, status) {
  const changed = status.documents.get(paper.record);
  let row = ["unlogged", "pass", null];
  if (status.revoked.has(registry.key.id)) row = ["issuer_after", "unknown", "REVOKED_CA_NO_POE"];
  else if (status.revoked.has(device.key.id)) row = ["unproven", "unknown", "REVOKED_NO_POE"];
  else if (changed) row = ["document_unlogged", "unknown", "MC_NOT_LOGGED"];
  const inForce = changed?.state ?? "unknown";
  const [name, result, sub_indication] = row;
  return { inForce, checks: [makeCheck(`status:${name}`, paper.record, { result, sub_indication }), makeCheck(`in_force:${inForce}`, changed?.record ?? null)] };
}

// The finding about a code on paper; throws a Fault if it is none.
export async function verifyPaper(data, bundle, { now, status, policy, rootIsPinned }) {
  const code = readPaperCode(data);
  const { registry, device, paper } = code;
  const rootsFound = await countRoots(registry, bundle.roots);
  const chain = await chainChecks(code, bundle, rootsFound);
  const covering = status !== null && speaksOf(status, [bundle.province, device.unit]) ? status : null;
  const used = statusUsed(covering, "trust", now);
  const notLogged = makeCheck("not_logged", null, policy.requireLog ? {} : { sub_indication: null });
  const known = statusUnder(bundle, covering);
  const ofStatus = known !== null && chain.isBelieved ? paperStatusChecks(code, known) : { inForce: "unknown", checks: [] };
  // Nothing shows when a code was printed, so under a broken algorithm nothing shows that it was before.
  const ofAlgorithm = bundle.broken !== null && chain.isBelieved ? [makeCheck("algorithm_broken", brokenEvidence(bundle.broken))] : [];
  const checks = [makeCheck("paper_readable"), ...freshnessChecks(used, policy), ...chain.checks, notLogged, ...ofAlgorithm, ...ofStatus.checks];
  const { indication, subs } = composeChecks(checks);
  const shown = (value) => (chain.isBelieved ? value : null);
  const record = {
    indication,
    sub_indications: subs,
    document: {
      id: paper.record,
      kind: `paper.${paper.kind}`,
      unit: device.unit,
      dossier: null,
      facts: shown({ code: paper.code, procedure: paper.procedure, issued: paper.issued, due: paper.due, unit_name: device.unitName }),
      content: shown({ holder: paper.holder, birth_year: paper.birth_year, result: paper.result }),
      in_force: ofStatus.inForce,
      files: [],
    },
    signers: chain.isBelieved
      ? [{ key: device.key.id, roles: ["device"], unit: device.unit, officer: null, name: null, title: null, delegated: false, suite: "ed25519", legal_class: "specialised" }]
      : [],
    time: { claimed: null, not_before: null, not_after: null, tsa: [] },
    log: null,
  };
  const unused = rootsFound < registry.signatures.size ? ["/registry/signatures"] : [];
  const made = report({ data, bundle, now, rootIsPinned, records: [record], checks, unused, used, exitCode: null });
  return { ...made, not_checked: [{ id: "paper", ...NOT_CHECKED.paper }, ...made.not_checked] };
}

