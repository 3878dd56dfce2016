// The files that carry evidence, as signing/exported.py, proof_file.py and signed_header.py. Reading believes nothing.
import { Fault, concat, fromBase64, fromHex, sha256Hex, utf8 } from "./bytes.js";
import { HEX32, HEX64, decodeCanonical, hasExactly, isCount, isObject, isText } from "./canonical.js";
import { preAuthenticationEncoding } from "./ed25519.js";

const FILE_BYTES_MAX = 1 << 20;
const ITEMS_MAX = 65_536;
const LISTS = { records: 64, statements: 64, checkpoints: 16, attachments: 256 };

// A proof file, or an exported record as the proof it is without its surroundings.
export function readInput(data) {
  const value = decodeCanonical(data, FILE_BYTES_MAX, ITEMS_MAX);
  if (isObject(value) && value.format === "motcua-record/1") return readExport(value);
  if (!isObject(value) || value.format !== "motcua-proof/1") throw new Fault("neither a proof nor an exported record");
  return readProof(value);
}

function readExport(fields) {
  if (!hasExactly(fields, ["format", "record", "statements"])) throw new Fault("not an exported record");
  if (!Array.isArray(fields.statements) || fields.statements.length > 64) throw new Fault("expected a list of at most 64 statements");
  const bare = (record) => ({ record: readRecord(record), inclusions: [] });
  return { records: [bare(fields.record)], statements: fields.statements.map(bare), checkpoints: [], status: null, attachments: [] };
}

function readProof(fields) {
  if (!hasExactly(fields, ["format", "records", "statements", "checkpoints", "status", "attachments"])) throw new Fault("an object has other members");
  for (const [name, most] of Object.entries(LISTS)) {
    if (!Array.isArray(fields[name]) || fields[name].length > most) throw new Fault(`expected a list of at most ${most}`);
  }
  const records = fields.records.map(readProven);
  if (records.length === 0) throw new Fault("a proof is about at least one record");
  for (const text of fields.checkpoints) {
    // Counted in code points, as Python does.
    if (typeof text !== "string" || [...text].length > 32 * 1024) throw new Fault("a checkpoint is a text of at most 32768 characters");
  }
  const statements = fields.statements.map(readProven);
  if ([...records, ...statements].some((proven) => proven.inclusions.some((each) => each.checkpoint >= fields.checkpoints.length))) {
    throw new Fault("an inclusion names a checkpoint that is not in the file");
  }
  const status = fields.status === null ? null : fromBase64(fields.status);
  const attachments = fields.attachments.map((each) => readAttachment(each, records.length));
  return { records, statements, checkpoints: fields.checkpoints, status, attachments };
}

function readAttachment(value, records) {
  if (!hasExactly(value, ["record", "sha256"])) throw new Fault("an object has other members");
  if (!isText(value.sha256, HEX64)) throw new Fault("a digest is 64 lower-case hex digits");
  if (!isCount(value.record)) throw new Fault("expected a count");
  if (value.record >= records) throw new Fault("an attachment names a record that is not in the file");
  return value;
}

function readProven(value) {
  if (!isObject(value) || !Object.hasOwn(value, "inclusions")) throw new Fault("a record of a proof says its inclusions");
  const { inclusions, ...members } = value;
  if (!Array.isArray(inclusions) || inclusions.length > 4) throw new Fault("expected a list of at most 4");
  return { inclusions: inclusions.map(readInclusion), record: readRecord(members) };
}

function readInclusion(value) {
  if (!hasExactly(value, ["checkpoint", "hashes", "index"])) throw new Fault("an object has other members");
  if (!Array.isArray(value.hashes) || value.hashes.length > 63) throw new Fault("expected a list of at most 63");
  const hashes = value.hashes.map((each) => fromBase64(each));
  if (hashes.some((each) => each.length !== 32)) throw new Fault("a hash has 32 bytes");
  if (!isCount(value.checkpoint) || !isCount(value.index)) throw new Fault("expected a count");
  return { checkpoint: value.checkpoint, index: value.index, hashes };
}

function readRecord(value) {
  if (!isObject(value)) throw new Fault("a record is an object");
  const isBare = hasExactly(value, ["header", "signature"]);
  if (!isBare && !hasExactly(value, ["header", "signature", "salt", "content"])) throw new Fault("a record has other members");
  const header = fromBase64(value.header);
  const signature = fromBase64(value.signature);
  const id = sha256Hex(preAuthenticationEncoding("motcua.record", header));
  const link = sha256Hex(concat(fromHex(id), signature));
  if (isBare) return { header, signature, salt: null, content: null, bodyHash: null, id, link };
  const salt = fromBase64(value.salt);
  if (salt.length !== 16) throw new Fault("a salt has 16 bytes");
  const content = fromBase64(value.content);
  return { header, signature, salt, content, bodyHash: sha256Hex(concat(utf8("motcua.body\0"), salt, content)), id, link };
}

// The members of a header that verification reads; the others are covered by the signature all the same.
export function readHeader(data) {
  const fields = decodeCanonical(data, FILE_BYTES_MAX, ITEMS_MAX);
  if (!isObject(fields)) throw new Fault("a header is an object");
  if (!Number.isSafeInteger(fields.v) || !isObject(fields.facts)) throw new Fault("a header has a version and facts");
  if (!isCount(fields.seq)) throw new Fault("a header counts its seq");
  const prev = optionalMember(fields, "prev", HEX64);
  if ((fields.seq === 0) !== (prev === null)) throw new Fault("exactly the first record of a log has none before it");
  return {
    version: fields.v,
    kind: textMember(fields, "kind"),
    unit: textMember(fields, "commune"),
    by: textMember(fields, "by"),
    log: textMember(fields, "log", HEX32),
    seq: fields.seq,
    prev,
    anchor: readAnchor(fields.anchor ?? null),
    facts: fields.facts,
    body: optionalMember(fields, "body"),
    dossier: optionalMember(fields, "dossier"),
    claimed: claimedTime(fields),
  };
}

function textMember(fields, name, pattern) {
  if (!isText(fields[name], pattern)) throw new Fault(`a header names its ${name}`);
  return fields[name];
}

function optionalMember(fields, name, pattern) {
  return (fields[name] ?? null) === null ? null : textMember(fields, name, pattern);
}

function readAnchor(value) {
  if (value === null) return null;
  if (!isObject(value)) throw new Fault("an anchor is an object");
  if (!isCount(value.size)) throw new Fault("a header counts its size");
  return { origin: textMember(value, "origin"), size: value.size, root: textMember(value, "root", HEX64) };
}

// The signer's clock plus the clock offset it had last measured; for display, never for a rule.
function claimedTime(fields) {
  const at = firstInteger(fields.at);
  const claimed = at === null ? null : at + (firstInteger(fields.offset) ?? 0);
  return Number.isSafeInteger(claimed) ? claimed : null;
}

function firstInteger(value) {
  const first = Array.isArray(value) ? value[0] : null;
  return Number.isSafeInteger(first) ? first : null;
}

export function contentObject(content) {
  try {
    const value = decodeCanonical(content, FILE_BYTES_MAX, ITEMS_MAX);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
