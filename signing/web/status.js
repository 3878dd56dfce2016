// What became of keys and documents, as signing/cuts.py, status.py and snapshot.py: positions, never dates.
import { Fault, fromBase64 } from "./bytes.js";
import { HEX32, HEX64, UNIT, decodeCanonical, hasExactly, isCount, isObject, isText } from "./canonical.js";
import { isSignedFor } from "./ed25519.js";
import { TABLES } from "./words.js";

const SNAPSHOT_BYTES_MAX = 32 * 1024 * 1024;
const GRAVITY = { PASSED: 0, INDETERMINATE: 1, FAILED: 2 };
const AFTER_CUT = {
  retired: ["FAILED", "REVOKED", "retired_after"],
  lost: ["INDETERMINATE", "REVOKED_NO_POE", "lost_after"],
  suspended: ["INDETERMINATE", "REVOKED_NO_POE", "lost_after"],
  compromised: ["INDETERMINATE", "REVOKED_NO_POE", "compromised_after"],
};

function snapshotFault(detail) {
  return new Fault(detail, "MC_TRUST_FORMAT");
}

// The members `size` and `cut`: a frontier of all logs of a key's device, and a size of the province's tree.
export function readCut({ size, cut }) {
  if (!Array.isArray(cut) || cut.length > 64) throw new Fault("a cut has at most 64 logs", "MC_TRUST_STATEMENT");
  const frontier = new Map();
  for (const position of cut) {
    const isRead = hasExactly(position, ["head", "length", "log"]) && isText(position.log, HEX32) && isText(position.head, HEX64) && isCount(position.length);
    if (!isRead || frontier.has(position.log)) throw new Fault("a position has a log, a length and a head", "MC_TRUST_STATEMENT");
    frontier.set(position.log, position);
  }
  if (!isCount(size)) throw new Fault("a count is a whole number", "MC_TRUST_STATEMENT");
  return { size, frontier };
}

function sideOfCut(cut, place) {
  const position = cut.frontier.get(place.log);
  if (!position || place.seq >= position.length) return "after";
  if (place.links.has(position.head)) return "inside";
  if (place.index === null) return "unproven";
  return place.index < cut.size ? "inside" : "after";
}

// The worst by gravity, the first of several: as Python's max.
function worst(found, measure) {
  return found.reduce((best, each) => (measure(each) > measure(best) ? each : best));
}

// What status says of a record whose signature and authority hold; `issuers` are the places of the statements above it.
export function statusFinding(status, place, issuers, document) {
  const found = [ownFinding(status, place, document), ...issuers.map((issuer) => findingAbove(status, issuer))];
  return worst(found, (each) => GRAVITY[each.indication] * 2 + (each.row === "silent" ? 0 : 1));
}

function ownFinding(status, place, document) {
  let found = againstCuts(status, place);
  const isContested = status.forks.some((fork) => fork.log === place.log && fork.first <= place.seq && place.seq < fork.stop);
  if (found.indication === "PASSED" && isContested) found = madeFinding(["INDETERMINATE", "MC_CHAIN_FORKED", "forked"], place);
  if (found.indication === "PASSED" && place.index === null && status.documents.has(document)) {
    found = madeFinding(["INDETERMINATE", "MC_NOT_LOGGED", "document_unlogged"], place);
  }
  return settledFinding(status, found);
}

function findingAbove(status, statement) {
  let found = againstCuts(status, statement);
  if (found.indication === "INDETERMINATE") found = madeFinding(["INDETERMINATE", "REVOKED_CA_NO_POE", "issuer_after"], statement, found.event);
  return settledFinding(status, found);
}

function againstCuts(status, place) {
  const revocations = status.revoked.get(place.by) ?? [];
  if (revocations.length === 0) return madeFinding(["PASSED", null, place.index === null ? "unlogged" : "silent"], place);
  return worst(revocations.map((event) => againstCut(event, place)), (each) => GRAVITY[each.indication]);
}

function againstCut(event, place) {
  const side = sideOfCut(event.cut, place);
  if (side === "inside") return madeFinding(["PASSED", null, "before_cut"], place, event);
  if (side === "unproven") return madeFinding(["INDETERMINATE", "REVOKED_NO_POE", "unproven"], place, event);
  return madeFinding(AFTER_CUT[event.cause], place, event);
}

// Nobody reviews what the key in question itself signed.
function settledFinding(status, found) {
  const review = status.reviews.get(found.place.record);
  if (found.indication !== "INDETERMINATE" || !review || review.by === found.place.by) return found;
  return madeFinding(review.stands ? ["PASSED", null, "reviewed"] : ["FAILED", "REVOKED", "refused"], found.place, found.event);
}

function madeFinding([indication, subIndication, row], place, event = null) {
  return { indication, subIndication, row, place, event };
}

// The snapshot in an envelope that a status key of the bundle signed.
export async function openSnapshot(data, bundle) {
  const fields = decodeSnapshot(data);
  if (!hasExactly(fields, ["payload", "payloadType", "signatures"])) throw snapshotFault("an object has other members");
  if (fields.payloadType !== "motcua.status") throw snapshotFault("the envelope holds something else");
  const payload = fromBase64(fields.payload, snapshotFault);
  if (!Array.isArray(fields.signatures)) throw snapshotFault("expected a list");
  if (!fields.signatures.every((each) => hasExactly(each, ["keyid", "sig"]))) throw snapshotFault("an object has other members");
  let isSigned = false;
  for (const each of fields.signatures) {
    const key = bundle.status.find((one) => one.id === each.keyid);
    if (key && !isSigned) isSigned = await isSignedFor(key, "motcua.status", payload, fromBase64(each.sig, snapshotFault));
  }
  if (!isSigned) throw snapshotFault("no status key of the bundle signed this");
  return readSnapshot(decodeSnapshot(payload), bundle);
}

function decodeSnapshot(data) {
  try {
    return decodeCanonical(data, SNAPSHOT_BYTES_MAX);
  } catch (fault) {
    throw snapshotFault(fault.detail);
  }
}

function readSnapshot(fields, bundle) {
  const isSlice = isObject(fields) && fields.format === "motcua-status/2";
  const names = ["format", "province", "size", "root", "issued", "revoked", "reviews", "forks", "documents"];
  if (!hasExactly(fields, isSlice ? [...names, "units"] : names)) throw snapshotFault("an object has other members");
  if (!isSlice && fields.format !== "motcua-status/1") throw snapshotFault("another format of snapshot");
  if (fields.province !== bundle.province) throw snapshotFault("another province's snapshot");
  if (!isCount(fields.size)) throw snapshotFault("a count is a whole number");
  const events = readEvents(fields);
  if (Object.values(events).flat().some((event) => event.index >= fields.size)) throw snapshotFault("an event above the snapshot's size");
  if (fields.root !== null && !isText(fields.root, HEX64)) throw snapshotFault("a text has another form");
  if (fields.issued !== null && !isCount(fields.issued)) throw snapshotFault("a count is a whole number");
  // What the roots say needs no record: it counts under their bundle, whatever the snapshot holds.
  const former = new Set(bundle.former.map((each) => each.key.id));
  const revoked = [...cutOffByRoots(bundle), ...events.revoked.filter((event) => !former.has(event.key))].sort(byLeaf);
  const units = isSlice ? readUnits(fields.units) : null;
  return { status: foldStatus({ ...events, revoked }, Math.max(fields.size, 1)), issued: fields.issued, units };
}

function readUnits(value) {
  if (!Array.isArray(value)) throw snapshotFault("expected a list");
  if (!value.every((each) => isText(each, UNIT))) throw snapshotFault("a text has another form");
  if (value.length < 1 || value.length > 128 || value.some((each, at) => at > 0 && value[at - 1] >= each)) throw snapshotFault("from 1 to 128 units, sorted, each once");
  return new Set(value);
}

// Whether what a snapshot does not mention of these units is silent, and not merely left out.
export function speaksOf(snapshot, units) {
  return snapshot.units === null || units.every((each) => snapshot.units.has(each));
}

// What the bundle itself says of former registry keys, as events from the beginning of the log.
function cutOffByRoots(bundle) {
  return bundle.former.map((each) => ({ index: 0, record: bundle.digest, by: bundle.roots[0].id, key: each.key.id, cause: each.cause, cut: each.cut }));
}

// The status that counts under a bundle: the snapshot's, or without one at least what the roots say.
export function statusUnder(bundle, snapshot) {
  if (snapshot !== null) return snapshot.status;
  const nothing = { reviews: [], forks: [], documents: [] };
  return bundle.former.length > 0 ? foldStatus({ ...nothing, revoked: cutOffByRoots(bundle) }, 1) : null;
}

const EVENT_SHAPES = {
  revoked: { index: isCount, record: HEX64, by: HEX32, key: HEX32, cause: (value) => TABLES.causes.includes(value), size: isCount, cut: Array.isArray },
  reviews: { index: isCount, record: HEX64, by: HEX32, target: HEX64, stands: (value) => typeof value === "boolean" },
  forks: { index: isCount, log: HEX32, first: isCount, stop: isCount },
  documents: { index: isCount, record: HEX64, document: /^[0-9a-f]{24,64}$/, state: (value) => TABLES.documentStates.includes(value) },
};

function byLeaf(a, b) {
  const [one, other] = [a.record ?? a.log, b.record ?? b.log];
  return a.index - b.index || (one < other ? -1 : Number(one > other));
}

function readEvents(fields) {
  const events = {};
  for (const [name, shape] of Object.entries(EVENT_SHAPES)) {
    if (!Array.isArray(fields[name])) throw snapshotFault("expected a list");
    for (const each of fields[name]) {
      if (!hasExactly(each, Object.keys(shape))) throw snapshotFault("an object has other members");
      for (const [member, ask] of Object.entries(shape)) {
        if (!(ask instanceof RegExp ? isText(each[member], ask) : ask(each[member]))) throw snapshotFault("a member has another form");
      }
    }
    // In the order of their leaves; what stands twice counts once.
    const distinct = new Map(fields[name].map((each) => [JSON.stringify(each), each]));
    events[name] = [...distinct.values()].sort(byLeaf);
  }
  events.revoked = events.revoked.map((each) => ({ ...each, cut: readCut(each) }));
  return events;
}

function foldStatus(events, size) {
  const revoked = new Map();
  for (const event of events.revoked) revoked.set(event.key, [...(revoked.get(event.key) ?? []), event]);
  // A review that its reviewer's key signed after that key's own cut settles nothing.
  const stands = (review) => !(revoked.get(review.by) ?? []).some((event) => review.index >= event.cut.size);
  return {
    size,
    revoked,
    reviews: new Map(events.reviews.filter(stands).map((event) => [event.target, event])),
    forks: events.forks,
    documents: new Map(events.documents.map((event) => [event.document, event])),
  };
}
