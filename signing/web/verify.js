// One file, one answer: the same JSON as signing/verification.py gives, in the same order of checks. PROOF.md says every rule.
import { DAY_MS, Fault, sha256Hex, toHex } from "./bytes.js";
import { isSignedFor } from "./ed25519.js";
import { isPaperCode, verifyPaper } from "./paper.js";
import { contentObject, readHeader, readInput } from "./proof.js";
import { speaksOf, openSnapshot, statusFinding, statusUnder } from "./status.js";
import { isIncluded, leafHash, logLeaf, openCheckpoint, parseCheckpoint, parseNote } from "./tlog.js";
import { Trust, readStatement } from "./trust.js";
import { CHECKS, NOT_CHECKED, REASONS, SUMMARY, VERSION } from "./words.js";

const DEFAULT_POLICY = { requireLog: false, statusOldDays: 7, statusDaysMax: 90 };
const EXITS = { PASSED: 0, FAILED: 1, INDETERMINATE: 2 };
const BAD_INPUT = 3;
const GRAVEST_FIRST = ["withdrawn", "superseded", "corrected", "unknown", "yes"];

// A check by the name of its words; `evidence` names what was looked at.
export function makeCheck(name, evidence = null, changes = {}) {
  const { id, result, sub_indication, why_vi, why_en } = CHECKS[name];
  return { id, record: null, result, sub_indication, why_vi, why_en, evidence, ...changes };
}

export function continued(sentence) {
  return sentence[0].toLowerCase() + sentence.slice(1);
}

export function composeChecks(checks) {
  for (const [result, indication] of [["fail", "FAILED"], ["unknown", "INDETERMINATE"]]) {
    const found = checks.filter((check) => check.sub_indication !== null && check.result === result);
    if (found.length > 0) return { indication, subs: [...new Set(found.map((check) => check.sub_indication))] };
  }
  return { indication: "PASSED", subs: [] };
}

// `numbers` names the records that are out of force or corrected, where the file has others too.
export function summarise(indication, checks, inForce, numbers = "") {
  const naming = (sentences) => sentences.map((each) => each.replace("NUMBERS", numbers));
  if (indication === "PASSED" && SUMMARY.outOfForce[inForce]) return numbers ? naming(SUMMARY.outOfForceNamed[inForce]) : SUMMARY.outOfForce[inForce];
  const [headVi, headEn] = SUMMARY.headlines[indication];
  if (indication === "PASSED") {
    const isOpen = (id) => checks.some((check) => check.id === id && check.result === "unknown");
    const corrected = inForce !== "corrected" ? "" : numbers ? ":corrected:named" : ":corrected";
    const [vi, en] = naming(SUMMARY.passed[`${isOpen("delegation") ? "delegated" : "confirmed"}:${isOpen("freshness") ? "old" : "recent"}${corrected}`]);
    return [`${headVi}: ${vi}`, `${headEn}: ${en}`];
  }
  const deciding = indication === "FAILED" ? "fail" : "unknown";
  const first = checks.find((check) => check.result === deciding && check.sub_indication !== null);
  return [`${headVi}: ${continued(first.why_vi)}`, `${headEn}: ${continued(first.why_en)}`];
}

// Key statements of a file, believed as far as they lead down from the bundle, in as many passes as their order needs.
class KeyChain {
  constructor(bundle) {
    this.trust = new Trust(bundle);
    this.believed = new Map();
    this.refused = [];
    this.people = new Map();
  }

  async believeAll(statements) {
    let waiting = statements.map((proven, position) => [position, proven.record]);
    while (waiting.length > 0) {
      const left = [];
      for (const entry of waiting) if (!(await this.settle(...entry))) left.push(entry);
      if (left.length === waiting.length) {
        this.refused.push(...left.map(([position]) => [position, "MC_UNKNOWN_KEY"]));
        break;
      }
      waiting = left;
    }
  }

  async settle(position, record) {
    try {
      await this.believe(position, record);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      if (fault.code === "MC_UNKNOWN_KEY") return false;
      this.refused.push([position, fault.code]);
    }
    return true;
  }

  async believe(position, record) {
    const header = readHeader(record.header);
    if (header.kind !== "key.stated" || header.version !== 1) throw new Fault("not a key statement of this version");
    const issuer = this.trust.statements.get(header.by);
    if (!issuer) throw new Fault("an issuer not yet known", "MC_UNKNOWN_KEY");
    if (!(await isSignedFor(issuer.key, "motcua.record", record.header, record.signature))) throw new Fault("not signed", "MC_SIGNATURE");
    const statement = readStatement(header.facts, header.by);
    this.trust.accept(statement);
    this.believed.set(statement.key.id, position);
    const isBody = record.content !== null && record.bodyHash === header.body;
    this.people.set(statement.key.id, (isBody && contentObject(record.content)) || {});
  }

  // Where in the file the statements stand on which belief in this key rests, its own first.
  positionsBehind(keyId) {
    const found = [];
    for (let id = keyId; this.believed.has(id) && !found.includes(this.believed.get(id)); id = this.trust.statements.get(id).issuer) {
      found.push(this.believed.get(id));
    }
    return found;
  }

  signer(statement) {
    const { name, title } = this.people.get(statement.key.id) ?? {};
    return {
      key: statement.key.id,
      roles: [...statement.roles].sort(),
      unit: statement.unit,
      officer: statement.officer,
      name: typeof name === "string" ? name : null,
      title: typeof title === "string" ? title : null,
      delegated: statement.delegated,
      suite: "ed25519",
      legal_class: "specialised",
    };
  }
}

// The checkpoints of a file. What does not hold is left aside: it proves nothing.
class LogEvidence {
  constructor() {
    this.believed = new Map();
    this.refused = [];
    this.lineCounts = new Map();
  }

  async openAll(checkpoints, policy, broken) {
    for (const [position, text] of checkpoints.entries()) {
      try {
        if (broken !== null) {
          this.openNamed(position, text, broken);
          continue;
        }
        if (policy === null) throw new Fault("the trust bundle names no log");
        const note = parseNote(text);
        this.lineCounts.set(position, note.lines.length);
        const opened = await openCheckpoint(policy, note);
        this.believed.set(position, { ...opened, position, quorum: `${opened.cosignatures.length}/${policy.witnesses.size}` });
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        this.refused.push([position, fault.detail, fault.code === "MC_LOG_QUORUM"]);
      }
    }
  }

  // Under a broken algorithm, the one tree head that the roots name is believed, by its hash.
  openNamed(position, text, broken) {
    const note = parseNote(text);
    this.lineCounts.set(position, note.lines.length);
    const checkpoint = parseCheckpoint(note.text);
    const isNamed = checkpoint.origin === broken.origin && checkpoint.size === broken.size && toHex(checkpoint.root) === broken.root;
    if (!isNamed) throw new Fault("its signatures are of a broken algorithm");
    this.believed.set(position, { checkpoint, cosignatures: [], lines: new Set(), position, quorum: "0/0" });
  }

  isShort(position) {
    return this.refused.some(([refused, , isShort]) => refused === position && isShort);
  }

  // The earliest checkpoint that is shown to hold the record.
  logged(header, link, inclusions) {
    const leaf = leafHash(logLeaf(header, link));
    let best = null;
    inclusions.forEach((inclusion, number) => {
      const checkpoint = this.believed.get(inclusion.checkpoint);
      if (!checkpoint) return;
      const { size, root } = checkpoint.checkpoint;
      if (isIncluded(leaf, inclusion.index, size, inclusion.hashes, root) && (best === null || size < best.checkpoint.checkpoint.size)) {
        best = { checkpoint, index: inclusion.index, number };
      }
    });
    return best;
  }

  anchored(anchor) {
    if (anchor === null) return null;
    const isNamed = ({ checkpoint }) => checkpoint.origin === anchor.origin && checkpoint.size === anchor.size && toHex(checkpoint.root) === anchor.root;
    return [...this.believed.values()].find(isNamed) ?? null;
  }
}

export function brokenEvidence({ suite, origin, size }) {
  return `${suite}: ${origin} ${size}`;
}

function timeBound({ checkpoint, cosignatures }) {
  const times = cosignatures.map((each) => each.time * 1000);
  return {
    size: checkpoint.size,
    time: times.length === 0 ? null : Math.min(...times),
    witnesses: cosignatures.map((each) => each.witness.name).sort(),
  };
}

function logPosition({ checkpoint, index }) {
  const { origin, size } = checkpoint.checkpoint;
  return { origin, index, size, witnesses: timeBound(checkpoint).witnesses, quorum: checkpoint.quorum };
}

// Everything found about one file; its methods go through the records in the order of the rules.
class FileVerification {
  constructor(proof, bundle, chain, log, snapshots, requireLog) {
    Object.assign(this, { proof, bundle, chain, log, snapshots, requireLog });
  }

  async allRecords() {
    const outcomes = this.proof.records.map((proven, position) => this.begun(proven, position));
    const links = linksAfter(outcomes);
    for (const outcome of outcomes) {
      outcome.snapshot = this.snapshotFor(outcome.header);
      if (outcome.header) await this.verifyRecord(outcome, links);
    }
    findForks(outcomes);
    findErasures(outcomes);
    return outcomes;
  }

  begun(proven, position) {
    const { id, link } = proven.record;
    const outcome = { position, proven, id, link, header: null, isSigned: false, checks: [], signer: null, content: null, logged: null, notBefore: null, anchorPosition: null, inForce: "unknown", files: [], snapshot: null };
    outcome.add = (name, evidence = null, changes = {}) => outcome.checks.push(makeCheck(name, evidence, { record: position, ...changes }));
    try {
      outcome.header = readHeader(proven.record.header);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      outcome.add("header_malformed", fault.detail);
    }
    return outcome;
  }

  async verifyRecord(outcome, links) {
    const { header } = outcome;
    outcome.add(header.version === 1 ? "header:known" : "header:unknown", `v: ${header.version}`);
    const statement = await this.checkSigner(outcome);
    this.checkContent(outcome);
    this.checkFiles(outcome);
    this.checkLog(outcome);
    if (statement) {
      this.checkAlgorithm(outcome);
      this.checkInterval(outcome, statement);
      this.checkStatus(outcome, links);
    }
  }

  async checkSigner(outcome) {
    const { header, proven } = outcome;
    const statement = this.chain.trust.statements.get(header.by);
    if (!statement) {
      outcome.add(this.chain.refused.length > 0 ? "key_unknown:refused" : "key_unknown", header.by);
      return null;
    }
    outcome.add("key_known", header.by);
    if (!(await isSignedFor(statement.key, "motcua.record", proven.record.header, proven.record.signature))) {
      outcome.add("signature_wrong", header.by);
      return null;
    }
    outcome.add("signature_right", outcome.id);
    outcome.isSigned = true;
    outcome.signer = this.chain.signer(statement);
    const refusal = this.chain.trust.refusal(header.by, header.kind, header.unit);
    if (refusal) {
      const isNewer = header.version > 1 || !this.bundle.authority.has(header.kind);
      outcome.add(isNewer ? "authority_open" : `not_entitled:${refusal}`, header.by);
      return statement;
    }
    outcome.add("entitled", header.by);
    outcome.add(statement.delegated ? "delegation:delegated" : "delegation", header.by);
    return statement;
  }

  checkContent(outcome) {
    const { bodyHash, content } = outcome.proven.record;
    const { body } = outcome.header;
    if (bodyHash !== body) outcome.add(bodyHash === null ? "content_missing" : "content_altered", bodyHash ?? body);
    else if (content === null) outcome.add("content_none");
    else {
      outcome.content = contentObject(content);
      outcome.add(outcome.content === null ? "content_malformed" : "content_right", body);
    }
  }

  checkFiles(outcome) {
    const files = this.proof.attachments.filter((each) => each.record === outcome.position).map((each) => each.sha256);
    const texts = new Set(textsIn(outcome.content));
    for (const digest of files) {
      if (outcome.content === null) outcome.add("file_unproven", digest);
      else outcome.add(texts.has(digest) ? "file_named" : "file_not_named", digest);
    }
    outcome.files = files.filter((digest) => texts.has(digest));
  }

  checkLog(outcome) {
    const { inclusions } = outcome.proven;
    outcome.logged = this.log.logged(outcome.header, outcome.link, inclusions);
    const anchored = this.log.anchored(outcome.header.anchor);
    if (anchored) Object.assign(outcome, { notBefore: timeBound(anchored), anchorPosition: anchored.position });
    if (outcome.logged) {
      const { origin, index, size } = logPosition(outcome.logged);
      outcome.add("logged", `${origin} ${index}/${size}`);
      return;
    }
    const isShort = inclusions.some((each) => !this.log.believed.has(each.checkpoint) && this.log.isShort(each.checkpoint));
    const name = isShort ? "not_logged:short" : inclusions.length > 0 ? "not_logged:evidence" : "not_logged";
    outcome.add(name, null, this.requireLog ? {} : { sub_indication: null });
  }

  // Under a broken algorithm: the record and every statement it rests on must have been in the log before.
  checkAlgorithm({ header, logged, add }) {
    const { broken } = this.bundle;
    if (broken === null) return;
    const above = this.chain.positionsBehind(header.by).map((position) => this.placeOfStatement(this.proof.statements[position]));
    const isShown = logged !== null && above.every((each) => each.index !== null);
    add(isShown ? "algorithm_stood" : "algorithm_broken", brokenEvidence(broken));
  }

  checkInterval(outcome, { fromSize: first, untilSize: stop }) {
    if (first === 0 && stop === null) return;
    const index = outcome.logged?.index ?? null;
    const signedAfter = outcome.notBefore?.size ?? 0;
    const { anchor } = outcome.header;
    const evidence = `${first}…${stop ?? ""}`;
    if (stop !== null && anchor !== null && anchor.size >= stop) outcome.add("too_late", evidence);
    else if (index !== null && index < first) outcome.add("too_early", evidence);
    else if ((index === null && (signedAfter < first || stop !== null)) || (index !== null && stop !== null && index >= stop)) outcome.add("interval_unproven", evidence);
  }

  // The newest status that speaks of this record's unit, and of the units of its key and of the keys above it.
  snapshotFor(header) {
    const units = header === null ? [] : this.unitsBehind(header);
    return this.snapshots.find((each) => speaksOf(each, units)) ?? null;
  }

  unitsBehind(header) {
    const { statements } = this.chain.trust;
    const units = [header.unit, statements.get(header.by)?.unit];
    for (const position of this.chain.positionsBehind(header.by)) {
      const statement = readHeader(this.proof.statements[position].record.header);
      units.push(statement.unit, statements.get(statement.by)?.unit);
    }
    return units.filter((each) => each !== undefined);
  }

  checkStatus(outcome, links) {
    const status = statusUnder(this.bundle, outcome.snapshot);
    if (status === null) return;
    const { header, id, link } = outcome;
    const index = outcome.logged?.index ?? null;
    const document = typeof header.facts.document === "string" ? header.facts.document : id;
    const place = { record: id, by: header.by, log: header.log, seq: header.seq, links: links.get(link), index };
    const issuers = this.chain.positionsBehind(header.by).map((position) => this.placeOfStatement(this.proof.statements[position]));
    const found = statusFinding(status, place, issuers, document);
    const result = { PASSED: "pass", FAILED: "fail", INDETERMINATE: "unknown" }[found.indication];
    outcome.add(`status:${found.row}`, found.event ? found.event.record : found.place.record, { result, sub_indication: found.subIndication });
    const changed = status.documents.get(document);
    if (changed) outcome.inForce = changed.state;
    else if (index !== null && outcome.snapshot !== null && index < status.size) outcome.inForce = "yes";
    outcome.add(`in_force:${outcome.inForce}`, changed?.record ?? null);
  }

  placeOfStatement(proven) {
    const header = readHeader(proven.record.header);
    const logged = this.log.logged(header, proven.record.link, proven.inclusions);
    return { record: proven.record.id, by: header.by, log: header.log, seq: header.seq, links: new Set([proven.record.link]), index: logged?.index ?? null };
  }
}

function* textsIn(value) {
  if (typeof value === "string") yield value;
  else if (value !== null && typeof value === "object") for (const item of Object.values(value)) yield* textsIn(item);
}

// For each record's link, the links of itself and of those of the file that follow it in an unbroken chain, on every branch.
function linksAfter(outcomes) {
  const after = new Map();
  for (const { header, link } of outcomes) if (header && header.prev !== null) after.set(header.prev, [...(after.get(header.prev) ?? []), link]);
  const found = new Map();
  for (const { link } of outcomes) {
    const chain = new Set([link]);
    for (const each of chain) for (const next of after.get(each) ?? []) chain.add(next); // a Set is walked on into what it gains
    found.set(link, chain);
  }
  return found;
}

function findForks(outcomes) {
  const signed = outcomes.filter((outcome) => outcome.isSigned);
  for (const outcome of signed) {
    const other = signed.find((each) => doContradict(outcome, each));
    if (other) outcome.add("forked", other.id);
  }
}

function doContradict(one, other) {
  if (one === other || one.header.log !== other.header.log) return false;
  if (one.header.seq === other.header.seq) return one.id !== other.id;
  const [earlier, later] = one.header.seq < other.header.seq ? [one, other] : [other, one];
  return later.header.seq === earlier.header.seq + 1 && later.header.prev !== earlier.link;
}

// Where a body is not here, say so if an order of the file, rightly signed and entitled, had it erased.
function findErasures(outcomes) {
  const isEntitled = ({ checks }) => checks.some((check) => check.id === "authority" && check.result === "pass");
  const orders = outcomes.filter((each) => each.header?.kind === "erasure.ordered" && isEntitled(each));
  for (const outcome of outcomes) {
    const order = orders.find((each) => doesCover(each, outcome));
    const isMissing = (check) => check.sub_indication === "SIGNED_DATA_NOT_FOUND" && check.id === "content";
    if (order) outcome.checks = outcome.checks.map((check) => (isMissing(check) ? makeCheck("content_erased", order.id, { record: outcome.position }) : check));
  }
}

function doesCover(order, { header, id }) {
  if (header === null || header.unit !== order.header.unit || header.dossier === null) return false;
  const { dossier, records } = order.header.facts;
  return dossier === header.dossier && Array.isArray(records) && (records.length === 0 || records.includes(id));
}

function unusedParts(verification, outcomes, isStatusUsed) {
  const { proof, chain, log } = verification;
  const statements = new Set(outcomes.filter((each) => each.header).flatMap((each) => chain.positionsBehind(each.header.by)));
  const places = new Map([...statements].map((position) => {
    const { record, inclusions } = proof.statements[position];
    return [position, log.logged(readHeader(record.header), record.link, inclusions)];
  }));
  const used = new Set([...places.values(), ...outcomes.map((each) => each.logged)].filter(Boolean).map((each) => each.checkpoint.position));
  for (const { anchorPosition } of outcomes) if (anchorPosition !== null) used.add(anchorPosition);
  const found = [];
  proof.checkpoints.forEach((_, position) => {
    if (!used.has(position)) found.push(`/checkpoints/${position}`);
    else for (let line = 0; line < log.lineCounts.get(position); line += 1) if (!log.believed.get(position).lines.has(line)) found.push(`/checkpoints/${position}#${line}`);
  });
  const ofInclusions = (pointer, { inclusions }, chosen) => {
    inclusions.forEach((_, number) => {
      if (number !== chosen) found.push(`${pointer}/inclusions/${number}`);
    });
  };
  for (const outcome of outcomes) ofInclusions(`/records/${outcome.position}`, outcome.proven, outcome.logged?.number ?? null);
  proof.statements.forEach((statement, position) => {
    const pointer = `/statements/${position}`;
    if (!statements.has(position)) return void found.push(pointer);
    ofInclusions(pointer, statement, places.get(position)?.number ?? null);
    const { record } = statement;
    if (record.content !== null && record.bodyHash !== readHeader(record.header).body) found.push(`${pointer}/content`, `${pointer}/salt`);
  });
  if (proof.status !== null && !isStatusUsed) found.push("/status");
  return found.sort();
}

function recordFinding(outcome, ofFile) {
  const { indication, subs } = composeChecks([...ofFile, ...outcome.checks]);
  const { header, isSigned } = outcome;
  return {
    indication,
    sub_indications: subs,
    document: header && {
      id: outcome.id,
      kind: header.kind,
      unit: header.unit,
      dossier: header.dossier,
      facts: isSigned ? header.facts : null,
      content: isSigned ? outcome.content : null,
      in_force: outcome.inForce,
      files: isSigned ? outcome.files : [],
    },
    signers: outcome.signer ? [outcome.signer] : [],
    time: { claimed: header?.claimed ?? null, not_before: outcome.notBefore, not_after: outcome.logged && timeBound(outcome.logged.checkpoint), tsa: [] },
    log: outcome.logged && logPosition(outcome.logged),
  };
}

const NOTHING_FOUND = { indication: "FAILED", sub_indications: [], document: null, signers: [], time: { claimed: null, not_before: null, not_after: null, tsa: [] }, log: null };

export function trustUsed(bundle, now) {
  return {
    bundle_version: bundle.version,
    province: bundle.province,
    root_fingerprint: bundle.fingerprint,
    issued: bundle.issued,
    age_ms: now === null || bundle.issued === null ? null : now - bundle.issued,
  };
}

function notCheckedOf(records, used, rootIsPinned, isOpen) {
  const items = [
    [!rootIsPinned, "root"],
    [records.length === 0 || records.some((each) => each.log === null), "log"],
    [used === null || isOpen, "revocation"],
    [used !== null, "revocation_since"],
    [records.length === 0 || records.some((each) => each.time.not_after === null), "time"],
    [records.length === 0 || records.some((each) => forceOf(each) === "unknown"), "in_force"],
    [records.some((each) => each.document?.files.length > 0), "files"],
    [true, "legal_signature"],
  ];
  return items.filter(([holds]) => holds).map(([, id]) => ({ id, ...NOT_CHECKED[id] }));
}

export function freshnessChecks(used, policy) {
  if (used === null || used.age_ms === null) return [];
  const evidence = `days: ${Math.floor(used.age_ms / DAY_MS)}`;
  if (used.age_ms > policy.statusDaysMax * DAY_MS) return [makeCheck("status_stale", evidence)];
  return [makeCheck(used.age_ms > policy.statusOldDays * DAY_MS ? "status_fresh:old" : "status_fresh", evidence)];
}

export function statusUsed(snapshot, source, now) {
  if (snapshot === null) return null;
  const { issued, status } = snapshot;
  return { as_of_size: status.size, as_of_time: issued, age_ms: now === null || issued === null ? null : Math.max(0, now - issued), source };
}

// The file's snapshot, if it is signed under the bundle.
async function sentStatus(data, bundle) {
  if (data === null) return [null, []];
  try {
    return [await openSnapshot(data, bundle), []];
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return [null, [makeCheck("status_left_aside", fault.detail)]];
  }
}

// Of the snapshots that records were held against, the one whose age counts, whatever the order of records.
function oldestOf(used) {
  const isOlder = (a, b) => (a.age_ms ?? 0) - (b.age_ms ?? 0) || b.as_of_size - a.as_of_size || (a.source > b.source ? 1 : -1);
  return used.length === 0 ? null : used.reduce((best, each) => (isOlder(each, best) > 0 ? each : best));
}

// The verifier's own snapshot and the file's, the one that reaches further first.
function newestFirst(own, sent) {
  return [own, sent].filter((each) => each !== null).sort((a, b) => b.status.size - a.status.size);
}

// What can be said about this file under this bundle. `now` (ms) only tells ages; `status` is an opened snapshot or null.
export async function verifyFile(data, bundle, { now = null, status = null, policy = DEFAULT_POLICY, rootIsPinned = true } = {}) {
  let proof;
  try {
    if (isPaperCode(data)) return await verifyPaper(data, bundle, { now, status, policy, rootIsPinned });
    proof = readInput(data);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return report({ data, bundle, now, rootIsPinned, records: [], checks: [makeCheck("not_readable", fault.detail)], unused: [], used: null, exitCode: BAD_INPUT });
  }
  const chain = new KeyChain(bundle);
  await chain.believeAll(proof.statements);
  const log = new LogEvidence();
  await log.openAll(proof.checkpoints, bundle.policy, bundle.broken);
  const [sent, snapshotChecks] = await sentStatus(proof.status, bundle);
  const verification = new FileVerification(proof, bundle, chain, log, newestFirst(status, sent), policy.requireLog);
  const outcomes = await verification.allRecords();
  const usedBy = ({ snapshot }) => statusUsed(snapshot, snapshot === sent ? "file" : "trust", now);
  const used = oldestOf(outcomes.map(usedBy).filter((each) => each !== null));
  const ofFile = [
    makeCheck("readable", `statements: ${proof.statements.length}`),
    ...chain.refused.map(([position, code]) => refusedStatement(position, code)),
    ...log.refused.map(([position, detail, isShort]) => makeCheck(isShort ? "checkpoint_refused:short" : "checkpoint_refused", `/checkpoints/${position}: ${detail}`)),
    ...snapshotChecks,
    ...freshnessChecks(used, policy),
  ];
  const records = outcomes.map((outcome) => recordFinding(outcome, ofFile));
  const checks = [...ofFile, ...outcomes.flatMap((outcome) => outcome.checks)];
  return report({ data, bundle, now, rootIsPinned, records, checks, unused: unusedParts(verification, outcomes, outcomes.some(({ snapshot }) => snapshot !== null && snapshot === sent)), used, isOpen: outcomes.some(({ snapshot }) => snapshot === null), exitCode: null });
}

function refusedStatement(position, code) {
  const check = makeCheck("statement_refused", `/statements/${position}`);
  const { vi, en } = REASONS[code];
  return { ...check, why_vi: `${check.why_vi.replace("CODE", code)}${continued(vi)}`, why_en: `${check.why_en.replace("CODE", code)}${continued(en)}` };
}

function forceOf(record) {
  return record.document?.in_force ?? "unknown";
}

// The gravest state of any record: the order of records in a file is nobody's word.
function forceOfFile(records) {
  const gravest = GRAVEST_FIRST.find((state) => records.some((each) => forceOf(each) === state)) ?? "unknown";
  return { in_force: gravest, records: records.flatMap((each, position) => (forceOf(each) === gravest ? [position] : [])) };
}

export function recordNumbers(force) {
  return force.records.map((position) => position + 1).join(", ");
}

export function report({ data, bundle, now, rootIsPinned, records, checks, unused, used, isOpen = false, exitCode }) {
  const { indication, subs } = composeChecks(checks);
  const force = forceOfFile(records);
  const [vi, en] = summarise(indication, checks, force.in_force, records.length > 1 ? recordNumbers(force) : "");
  const isOut = indication === "PASSED" && SUMMARY.outOfForce[force.in_force];
  return {
    ...(records[0] ?? NOTHING_FOUND),
    report: 1,
    indication,
    sub_indications: subs,
    exit_code: exitCode ?? (isOut ? EXITS.FAILED : EXITS[indication]),
    vi,
    en,
    force,
    records,
    status: used,
    checks,
    not_checked: notCheckedOf(records, used, rootIsPinned, isOpen),
    unused,
    trust: trustUsed(bundle, now),
    verifier: { name: "motcua-verify", version: VERSION },
    input: { sha256: sha256Hex(data), size: data.length },
  };
}
