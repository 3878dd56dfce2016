// The province's log, as signing/tlog: signed notes, checkpoints, cosignatures, policies, inclusion proofs.
import { Fault, concat, fromBase64, isEqual, sha256, toHex, utf8 } from "./bytes.js";
import { isSignedPlain, publicKey } from "./ed25519.js";

const NOTE_BYTES_MAX = 1_000_000;
const NOTE_SIGNATURES_MAX = 100;
const POLICY_BYTES_MAX = 64 * 1024;
const PLAIN = 1;
const COSIGNATURE = 4;
const KEY_NAME = /^[!-*,-~]{1,120}$/;
const TIME_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const EMPTY_ROOT = sha256(new Uint8Array());

function logFault(detail, code = "MC_LOG_PROOF") {
  return new Fault(detail, code);
}

function decodeLogBase64(text) {
  const bytes = fromBase64(text, () => logFault("not base64"));
  return bytes;
}

function decodeCount(text, most) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > BigInt(most)) throw logFault(`expected a decimal of at most ${most}`);
  return Number(text);
}

function verifierKey(text) {
  if (text.length > 240) throw logFault("a verifier key is shorter than this");
  const [name, hashText, ...rest] = text.split("+");
  if (rest.length === 0) throw logFault("a verifier key has three parts");
  const raw = decodeLogBase64(rest.join("+"));
  const key = publicKey(raw.subarray(1));
  const type = raw[0];
  if (!KEY_NAME.test(name) || (type !== PLAIN && type !== COSIGNATURE)) throw logFault("a key name is printable ASCII without spaces or plus signs, of type 1 or 4");
  const hash = toHex(sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key.raw)).subarray(0, 4));
  if (hash !== hashText) throw logFault("the hash of a verifier key is another");
  return { name, key, type, hash };
}

function isNamed(line, key) {
  return line.name === key.name && line.hash === key.hash;
}

function readSignatureLine(row) {
  const parts = row.slice(2).split(" ");
  if (!row.startsWith("— ") || parts.length !== 2 || !isNoteName(parts[0])) throw logFault("a signature line has another form");
  const data = decodeLogBase64(parts[1]);
  if (data.length < 5) throw logFault("a signature line is too short");
  return { name: parts[0], hash: toHex(data.subarray(0, 4)), signature: data.subarray(4) };
}

// A name on a note's line may be any text without blanks and plus signs; only those of our own keys count.
function isNoteName(name) {
  return name !== "" && !/[\s\x1c-\x1f\x85+]/u.test(name);
}

export function parseNote(whole) {
  if (utf8(whole).length > NOTE_BYTES_MAX) throw logFault(`a note has at most ${NOTE_BYTES_MAX} bytes`);
  if (/[\x00-\x09\x0b-\x1f]/.test(whole) || !whole.endsWith("\n")) throw logFault("a note has no control characters and ends with a newline");
  const cut = whole.lastIndexOf("\n\n");
  if (cut < 0) throw logFault("a note has an empty line before its signatures");
  const rows = whole.slice(cut + 2).split("\n").slice(0, -1);
  if (rows.length < 1 || rows.length > NOTE_SIGNATURES_MAX) throw logFault(`a note has from 1 to ${NOTE_SIGNATURES_MAX} signatures`);
  return { text: whole.slice(0, cut + 1), lines: rows.map(readSignatureLine) };
}

async function requireSigned(key, message, signature) {
  if (!(await isSignedPlain(key.key, message, signature))) throw logFault(`the signature of ${key.name} does not hold`, "MC_SIGNATURE");
}

export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3] || !lines[0]) throw logFault("a checkpoint has three lines");
  const size = decodeCount(lines[1], Number.MAX_SAFE_INTEGER);
  const root = decodeLogBase64(lines[2]);
  if (root.length !== 32) throw logFault("a checkpoint has a size and a root of 32 bytes");
  if (size === 0 && !isEqual(root, EMPTY_ROOT)) throw logFault("an empty tree has another root");
  return { origin: lines[0], size, root };
}

async function verifyCosignature(text, line, witness) {
  if (line.signature.length !== 72) throw logFault("a cosignature has 72 bytes");
  const view = new DataView(line.signature.buffer, line.signature.byteOffset, 8);
  const time = view.getBigUint64(0);
  if (time > TIME_MAX) throw logFault("the time of a cosignature is out of range");
  await requireSigned(witness, utf8(`cosignature/v1\ntime ${time}\n${text}`), line.signature.subarray(8));
  return { witness, time: Number(time) };
}

export function parsePolicy(text) {
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null };
  const members = new Set();
  const isDefined = (name) => policy.witnesses.has(name) || policy.groups.has(name);
  const claim = (name) => {
    if (name === "none" || isDefined(name)) throw logFault("a name is defined twice");
  };
  if (utf8(text).length > POLICY_BYTES_MAX || /[\x00-\x08\x0b-\x1f\x7f]/.test(text)) throw logFault("a policy is a text of at most 64 KiB");
  for (const line of text.split("\n")) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length === 0 || words[0].startsWith("#")) continue;
    const [kind, name, third] = words;
    if (kind === "log" && (words.length === 2 || words.length === 3)) {
      const key = verifierKey(name);
      if (key.type !== PLAIN || policy.logs.length >= 32 || policy.logs.some((other) => other.key === key.key)) throw logFault("a log is wrong");
      policy.logs.push(key);
    } else if (kind === "witness" && (words.length === 3 || words.length === 4)) {
      const key = verifierKey(third);
      claim(name);
      const others = [...policy.witnesses.values()];
      if (key.type !== COSIGNATURE || others.length >= 256 || others.some((other) => other.key === key.key)) throw logFault("a witness is wrong");
      policy.witnesses.set(name, key);
    } else if (kind === "group" && words.length >= 4) {
      claim(name);
      if (policy.groups.size >= 64) throw logFault("a policy has at most 64 groups");
      const names = words.slice(3);
      for (const member of names) {
        if (!isDefined(member) || members.has(member)) throw logFault("a member is defined before its group, and belongs to one group only");
        members.add(member);
      }
      policy.groups.set(name, { threshold: groupThreshold(third, names.length), members: names });
    } else if (kind === "quorum" && words.length === 2 && policy.quorum === null) {
      if (name !== "none" && !isDefined(name)) throw logFault("the quorum names nobody defined before it");
      policy.quorum = name;
    } else {
      throw logFault("a line of the policy has another form");
    }
  }
  if (policy.quorum === null) throw logFault("a policy has exactly one quorum line");
  return policy;
}

function groupThreshold(text, count) {
  if (text === "any") return 1;
  if (text === "all") return count;
  if (!/^[1-9][0-9]{0,2}$/.test(text) || Number(text) > count) throw logFault("a threshold is from 1 to the number of members");
  return Number(text);
}

function isQuorumMet(policy, cosigners) {
  const met = new Set([...policy.witnesses].filter(([, key]) => cosigners.has(key)).map(([name]) => name));
  for (const [name, group] of policy.groups) {
    if (group.members.filter((member) => met.has(member)).length >= group.threshold) met.add(name);
  }
  return policy.quorum === "none" || met.has(policy.quorum);
}

// The checkpoint that a policy believes: { checkpoint, cosignatures, lines (which signature lines count) }.
export async function openCheckpoint(policy, note) {
  const log = policy.logs.find((each) => note.lines.some((line) => isNamed(line, each)));
  if (!log) throw logFault("no log of the policy has signed this");
  const firstLine = (key) => note.lines.findIndex((line) => isNamed(line, key));
  await requireSigned(log, utf8(note.text), note.lines[firstLine(log)].signature);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== log.name) throw logFault("the checkpoint is another log's");
  if (checkpoint.size > (policy.ends?.get(log.name) ?? checkpoint.size)) throw logFault("this log ended before, and another one continues it");
  const found = new Map();
  for (const line of note.lines) {
    for (const witness of policy.witnesses.values()) {
      if (isNamed(line, witness) && !found.has(witness)) found.set(witness, await verifyCosignature(note.text, line, witness));
    }
  }
  const cosignatures = [...found.values()];
  if (!isQuorumMet(policy, new Set(found.keys()))) throw logFault(`${cosignatures.length} cosignatures do not make the quorum`, "MC_LOG_QUORUM");
  const stolen = policy.quorum === "none" ? policy.stolen?.get(log.name) : undefined;
  if (stolen !== undefined && (checkpoint.size !== policy.ends.get(log.name) || toHex(checkpoint.root) !== stolen)) throw logFault("the key of this log was stolen, and the roots name another head of it");
  return { checkpoint, cosignatures, lines: new Set([log, ...found.keys()].map(firstLine)) };
}

export function leafHash(leaf) {
  return sha256(concat(Uint8Array.of(0), leaf));
}

// Whether the leaf hash stands at `index` of the tree of this size and root. BigInt: sizes exceed 32 bits.
export function isIncluded(leaf, index, size, proof, root) {
  if (!(index >= 0 && index < size) || proof.length > 63) return false;
  const at = BigInt(index);
  let inner = 0;
  for (let rest = at ^ BigInt(size - 1); rest > 0n; rest >>= 1n) inner += 1;
  let border = 0;
  for (let rest = at >> BigInt(inner); rest > 0n; rest >>= 1n) border += Number(rest & 1n);
  if (proof.length !== inner + border) return false;
  const value = proof.reduce((below, sibling, level) => {
    const isRight = level >= inner || (at >> BigInt(level)) & 1n;
    const pair = isRight ? [sibling, below] : [below, sibling];
    return sha256(concat(Uint8Array.of(1), ...pair));
  }, leaf);
  return isEqual(value, root);
}

export function logLeaf(header, link) {
  return utf8(`{"by":"${header.by}","kind":"${header.kind}","link":"${link}","log":"${header.log}","seq":${header.seq},"v":1}`);
}

