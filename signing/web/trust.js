// The trust bundle and the key statements below it, as signing/bundles.py, statements.py and trust.py.
import { Fault, fromBase64, sha256Hex } from "./bytes.js";
import { HEX32, HEX64, UNIT, decodeCanonical, encodeCanonical, hasExactly, isCount, isObject, isText } from "./canonical.js";
import { isSignedFor, publicKeyFromHex } from "./ed25519.js";
import { readCut } from "./status.js";
import { parsePolicy } from "./tlog.js";
import { TABLES } from "./words.js";

const BUNDLE_BYTES_MAX = 256 * 1024;
const KEYS_MAX = 16;
const BUNDLE_NAMES = ["format", "version", "province", "roots", "threshold", "registry", "hub", "ca_sha256", "authority", "issued"];
const STATEMENT_NAMES = ["key", "box", "roles", "unit", "officer", "device", "delegated", "from_size", "until_size"];

function trustFault(detail, code = "MC_TRUST_FORMAT") {
  return new Fault(detail, code);
}

function statementFault(detail) {
  return new Fault(detail, "MC_TRUST_STATEMENT");
}

// A key statement from the facts of a `key.stated` record; refused if they are not exactly such facts.
export function readStatement(facts, issuer) {
  if (!hasExactly(facts, STATEMENT_NAMES)) throw statementFault("facts have other names");
  const optional = (name, pattern) => {
    if (facts[name] !== null && !isText(facts[name], pattern)) throw statementFault(`${name} has another form`);
    return facts[name];
  };
  if (!isText(facts.key, HEX64)) throw statementFault("key has another form");
  const key = publicKeyFromHex(facts.key);
  optional("box", HEX64);
  const roles = readRoles(facts.roles);
  if (!isText(facts.unit, UNIT)) throw statementFault("unit has another form");
  optional("officer", HEX32);
  optional("device", HEX32);
  if (typeof facts.delegated !== "boolean") throw statementFault("delegated is true or false");
  if (!isCount(facts.from_size) || (facts.until_size !== null && !isCount(facts.until_size))) throw statementFault("a size is a count");
  const { unit, officer, device, delegated, from_size: fromSize, until_size: untilSize } = facts;
  return { key, roles: new Set(roles), unit, officer, device, issuer, delegated, fromSize, untilSize };
}

function readRoles(value) {
  if (!Array.isArray(value) || value.some((role) => !TABLES.roles.includes(role))) throw statementFault("roles are a list of known roles");
  if (value.some((role, at) => at > 0 && value[at - 1] >= role)) throw statementFault("roles are sorted, each once");
  return value;
}

function holdsAny(roles, table) {
  return table.some((role) => roles.has(role));
}

function checkStatement(statement, province) {
  const { roles } = statement;
  if (roles.size === 0) throw statementFault("a statement gives at least one role");
  if (roles.has("device") && (roles.size > 1 || statement.officer || statement.device)) throw statementFault("a device key is nothing but a device key");
  if (holdsAny(roles, TABLES.officeRoles) && statement.officer === null) throw statementFault("an office role belongs to an officer");
  if (holdsAny(roles, TABLES.provinceRoles) && statement.unit !== province) throw statementFault("a province role is held at the province");
  if (statement.untilSize !== null && statement.untilSize < statement.fromSize) throw statementFault("the statement ends before it begins");
}

// Which keys are believed: the bundle's own, and what is accepted below them, statement by statement.
export class Trust {
  constructor(bundle) {
    this.bundle = bundle;
    this.statements = new Map([[bundle.hub.key.id, bundle.hub]]);
    // A former registry key still vouches for what it stated inside its cut; what lies after it is a matter of status.
    for (const key of [...bundle.registry, ...bundle.former.map((each) => each.key)]) {
      const issuer = bundle.roots[0].id;
      const roles = new Set(["registry"]);
      this.statements.set(key.id, { key, roles, unit: bundle.province, officer: null, device: null, issuer, delegated: false, fromSize: 0, untilSize: null });
    }
  }

  accept(statement) {
    const issuer = this.statements.get(statement.issuer);
    if (!issuer) throw new Fault(`no statement about ${statement.issuer}`, "MC_UNKNOWN_KEY");
    checkStatement(statement, this.bundle.province);
    this.checkGrant(issuer, statement);
    const known = this.statements.get(statement.key.id);
    if (known) this.checkReplacement(known, statement);
    this.statements.set(statement.key.id, statement);
  }

  checkGrant(issuer, statement) {
    const isRegistry = issuer.roles.has("registry");
    let granted;
    if (isRegistry) granted = TABLES.grants.registry;
    else if (issuer.roles.has("unit_administrator")) {
      granted = TABLES.grants.unit_administrator;
      if (statement.unit !== issuer.unit) throw new Fault(`${issuer.unit} may not state keys of ${statement.unit}`, "MC_UNIT");
    } else throw new Fault("may not state keys", "MC_TRUST_ISSUER");
    if ([...statement.roles].some((role) => !granted.includes(role))) throw new Fault("may not give these roles", "MC_ROLE");
    if (statement.delegated === isRegistry) throw new Fault("exactly the statements of unit administrators are delegated", "MC_TRUST_ISSUER");
  }

  checkReplacement(known, statement) {
    const stated = [this.bundle.hub.key, ...this.bundle.registry, ...this.bundle.former.map((each) => each.key)];
    if (stated.includes(known.key)) throw new Fault("what the roots state stands", "MC_TRUST_ISSUER");
    if (statement.delegated && !(known.delegated && known.unit === statement.unit)) throw new Fault("the province's statement stands", "MC_TRUST_ISSUER");
  }

  // Null if the key may sign this kind of record for this unit, else the code of the reason why not.
  refusal(keyId, kind, unit) {
    const statement = this.statements.get(keyId);
    const table = this.bundle.authority.get(kind) ?? new Set();
    const held = [...statement.roles].filter((role) => table.has(role));
    if (held.length === 0) return "MC_ROLE";
    return statement.unit !== unit && !held.some((role) => TABLES.provinceRoles.includes(role)) ? "MC_UNIT" : null;
  }
}

function readKeys(value) {
  if (!Array.isArray(value) || value.length > KEYS_MAX) throw trustFault(`expected a list of at most ${KEYS_MAX}`);
  const keys = value.map(publicKeyFromHex);
  if (keys.length === 0 || new Set(keys).size < keys.length) throw trustFault("keys are missing or named twice");
  return keys;
}

function apart(keys, others) {
  if (keys.some((key) => others.includes(key))) throw trustFault("a key holds one role and no other");
  return keys;
}

// The bundle in a root-signed envelope, consistent in itself: a person has to compare its fingerprint.
export async function openBundle(envelope) {
  const fields = decodeCanonical(envelope, BUNDLE_BYTES_MAX);
  if (!hasExactly(fields, ["payload", "payloadType", "signatures"]) || !Array.isArray(fields.signatures)) throw trustFault("an object has other members");
  if (fields.payloadType !== "motcua.trust-bundle") throw trustFault("the envelope holds something else");
  if (fields.signatures.length > 16 || !fields.signatures.every((each) => hasExactly(each, ["keyid", "sig"]))) throw trustFault("an object has other members");
  const payload = fromBase64(fields.payload, trustFault);
  const signatures = new Map(fields.signatures.map((each) => [each.keyid, fromBase64(each.sig, trustFault)]));
  const bundle = readBundle(payload);
  let found = 0;
  for (const root of bundle.roots) {
    const signature = signatures.get(root.id);
    if (signature && (await isSignedFor(root, "motcua.trust-bundle", payload, signature))) found += 1;
  }
  if (found < bundle.threshold) throw trustFault(`${found} root signatures, ${bundle.threshold} needed`, "MC_TRUST_THRESHOLD");
  return bundle;
}

function readBundle(payload) {
  const fields = decodeCanonical(payload, BUNDLE_BYTES_MAX);
  if (!isObject(fields) || BUNDLE_NAMES.some((name) => !Object.hasOwn(fields, name))) throw trustFault("an object lacks members");
  const isBroken = Object.hasOwn(fields, "broken");
  if (fields.format !== `motcua-trust-bundle/${isBroken ? 2 : 1}`) throw trustFault("another format of bundle");
  const roots = readKeys(fields.roots);
  const { province, threshold, version, issued } = fields;
  if (!isText(province, UNIT)) throw trustFault("a text has another form");
  const registry = apart(readKeys(fields.registry), roots);
  const hub = readStatement(fields.hub, roots[0].id);
  checkStatement(hub, province);
  if (hub.roles.size !== 1 || !hub.roles.has("hub") || [...roots, ...registry].includes(hub.key)) throw trustFault("the hub's key is nothing but the hub's key");
  const present = [...roots, ...registry, hub.key];
  if (!isCount(version) || version < 1 || !isCount(threshold) || threshold < 1 || threshold > roots.length) throw trustFault("expected a number");
  if (issued !== null && !isCount(issued)) throw trustFault("expected a number");
  if (fields.ca_sha256 !== null && !isText(fields.ca_sha256, HEX64)) throw trustFault("a text has another form");
  const policy = readPolicy(fields, present);
  return {
    version,
    province,
    roots,
    threshold,
    registry,
    hub,
    issued,
    authority: readAuthority(fields.authority),
    status: Object.hasOwn(fields, "status") ? apart(readKeys(fields.status), present) : [],
    former: readFormer(fields.former ?? [], present),
    policy,
    broken: isBroken ? readBroken(fields.broken, policy) : null,
    digest: sha256Hex(payload),
    fingerprint: sha256Hex(encodeCanonical({ roots: roots.map((root) => root.hex).sort(), threshold })),
  };
}

function readPolicy(fields, present) {
  const text = Object.hasOwn(fields, "policy") ? fields.policy : null;
  if (Object.hasOwn(fields, "policy") && typeof text !== "string") throw trustFault("a policy is a text");
  const policy = text === null ? null : parsePolicy(text);
  if (policy) apart([...policy.logs, ...policy.witnesses.values()].map((each) => each.key), present);
  return policy && { ...policy, ...readEnds(fields.continued ?? [], policy) };
}

// By origin, the size at which a log ended that another one of the policy continues, and the root there of one whose key was stolen.
function readEnds(value, policy) {
  if (!Array.isArray(value) || value.length > KEYS_MAX) throw trustFault(`expected a list of at most ${KEYS_MAX}`);
  const names = new Set((policy?.logs ?? []).map((log) => log.name));
  const ends = new Map();
  const stolen = new Map();
  for (const each of value) {
    const isStolen = isObject(each) && Object.hasOwn(each, "cause");
    if (isStolen && each.cause !== "compromised") throw trustFault("the one cause that is stated of a log that ended is a stolen key");
    if (!hasExactly(each, ["origin", "size", "root", "by", "kept", ...(isStolen ? ["cause"] : [])])) throw trustFault("an object has other members");
    const { origin, size, root, by, kept } = each;
    if (!isCount(size) || !isCount(kept) || kept > size || !isText(root, HEX64)) throw trustFault("expected a number");
    if (!names.has(origin) || !names.has(by) || ends.has(origin) || ends.has(by) || by === origin) throw trustFault("a log ends once, and another log continues it");
    ends.set(origin, size);
    if (isStolen) stolen.set(origin, root);
  }
  return { ends, stolen };
}

// Up to where signatures count, where the roots declare the algorithm of all keys broken.
function readBroken(value, policy) {
  if (!hasExactly(value, ["suite", "origin", "size", "root"])) throw trustFault("an object has other members");
  const { suite, origin, size, root } = value;
  if (suite !== "ed25519") throw trustFault("an unknown algorithm is declared broken");
  if (!policy?.logs.some((log) => log.name === origin)) throw trustFault("what stands is told by a log of the policy");
  if (!isCount(size)) throw trustFault("expected a number");
  if (!isText(root, HEX64)) throw trustFault("a text has another form");
  return { suite, origin, size, root };
}

function readFormer(value, present) {
  if (!Array.isArray(value) || value.length > KEYS_MAX) throw trustFault(`expected a list of at most ${KEYS_MAX}`);
  if (value.length === 0) return [];
  if (!value.every((each) => hasExactly(each, ["key", "cause", "size", "cut"]))) throw trustFault("an object has other members");
  if (value.some((each) => !TABLES.causes.includes(each.cause))) throw trustFault("an unknown cause");
  const keys = apart(readKeys(value.map((each) => each.key)), present);
  return value.map((each, at) => ({ key: keys[at], cause: each.cause, cut: readCut(each) }));
}

function readAuthority(value) {
  if (!isObject(value)) throw trustFault("the authority table has another form");
  return new Map(
    Object.entries(value).map(([kind, names]) => {
      if (!Array.isArray(names) || names.length > TABLES.roles.length) throw trustFault("the authority table has another form");
      return [kind, new Set(names.filter((name) => TABLES.roles.includes(name)))];
    }),
  );
}
