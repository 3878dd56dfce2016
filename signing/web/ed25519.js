// The one acceptance rule of signing/signatures.py, on top of whatever Ed25519 the browser has.
//
// Browsers accept small-order and non-canonical points, and tweetnacl any S. So everything that the rule refuses is refused
// here first, and only then is the equation checked: by WebCrypto where it knows Ed25519, else by tweetnacl. Both are
// cofactorless. Never a cofactored library: a signature with torsion in R would pass there and nowhere else.
import { Fault, sha256, toHex, concat, utf8 } from "./bytes.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SQRT_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P - 1n,
  littleEndian(hexBytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
  littleEndian(hexBytes("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")) & (2n ** 255n - 1n),
]);

function hexBytes(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function littleEndian(bytes) {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

function modP(value) {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function powerP(base, exponent) {
  let result = 1n;
  let power = modP(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * power) % P;
    power = (power * power) % P;
  }
  return result;
}

// y of an encoded point; null where the encoding is not canonical or the point is of small order.
function acceptableY(encoded) {
  const y = littleEndian(encoded) & (2n ** 255n - 1n);
  return y >= P || SMALL_ORDER_Y.has(y) ? null : y;
}

function decompress(encoded, y) {
  const u = modP(y * y - 1n);
  const v = modP(D * y * y + 1n);
  let x = modP(u * powerP(v, 3n) * powerP(u * powerP(v, 7n), (P - 5n) / 8n));
  const check = modP(v * x * x);
  if (check === modP(-u)) x = modP(x * SQRT_MINUS_1);
  else if (check !== u) return null;
  if (x === 0n && encoded[31] >> 7) return null;
  return Number(x & 1n) === encoded[31] >> 7 ? x : modP(-x);
}

function addPoints([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = modP((y1 - x1) * (y2 - x2));
  const b = modP((y1 + x1) * (y2 + x2));
  const c = modP(2n * t1 * t2 * D);
  const d = modP(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modP(e * f), modP(g * h), modP(f * g), modP(e * h)];
}

// Whether the point lies in the prime-order subgroup: L times it is the neutral element.
function isInSubgroup(x, y) {
  let sum = [0n, 1n, 1n, 0n];
  let power = [x, y, 1n, modP(x * y)];
  for (let rest = L; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = addPoints(sum, power);
    power = addPoints(power, power);
  }
  return sum[0] === 0n && sum[1] === sum[2];
}

const acceptedKeys = new Map();

// A public key that may be believed at all, as { raw, id, hex }; refused otherwise.
export function publicKey(raw) {
  if (raw.length !== 32) throw new Fault(`a public key has 32 bytes, not ${raw.length}`, "MC_KEY_FORM");
  const hex = toHex(raw);
  if (!acceptedKeys.has(hex)) acceptedKeys.set(hex, judgedKey(raw, hex));
  const key = acceptedKeys.get(hex);
  if (key === null) throw new Fault("a public key is no point of the prime-order subgroup", "MC_KEY_FORM");
  return key;
}

function judgedKey(raw, hex) {
  const y = acceptableY(raw);
  const x = y === null ? null : decompress(raw, y);
  if (x === null || !isInSubgroup(x, y)) return null;
  return { raw, hex, id: toHex(sha256(concat(utf8("ed25519\0"), raw)).subarray(0, 16)) };
}

export function publicKeyFromHex(text) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new Fault("a public key is hex", "MC_KEY_FORM");
  return publicKey(hexBytes(text || "00"));
}

// Whether the signature holds by the rule; `raw` need not be a key that `publicKey` accepts (vectors ask for the bare rule).
export async function verifyRaw(raw, message, signature, engine = chosenEngine()) {
  if (signature.length !== 64 || raw.length !== 32) return false;
  if (littleEndian(signature.subarray(32)) >= L) return false;
  if (acceptableY(signature.subarray(0, 32)) === null || acceptableY(raw) === null) return false;
  return (await engine).verify(raw, message, signature);
}

const TWEETNACL = {
  name: "tweetnacl",
  verify: (raw, message, signature) => globalThis.nacl.sign.detached.verify(message, signature, raw),
};
const WEBCRYPTO = {
  name: "WebCrypto",
  verify: async (raw, message, signature) => {
    let key;
    try {
      key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return false; // some browsers refuse bytes that are no point already here
    }
    return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  },
};
export const ENGINES = { WebCrypto: WEBCRYPTO, tweetnacl: TWEETNACL };

let chosen = null;

// WebCrypto if it verifies a known signature here (old browsers and plain-http pages lack it), else tweetnacl.
export function chosenEngine() {
  chosen ??= (async () => {
    try {
      // RFC 8032 §7.1, test 1: the empty message.
      const raw = hexBytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
      const signature = hexBytes(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
          "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      );
      if (await WEBCRYPTO.verify(raw, new Uint8Array(), signature)) return WEBCRYPTO;
    } catch {
      // no WebCrypto here
    }
    return TWEETNACL;
  })();
  return chosen;
}

export function preAuthenticationEncoding(purpose, payload) {
  const label = utf8(purpose);
  return concat(utf8(`DSSEv1 ${label.length} `), label, utf8(` ${payload.length} `), payload);
}

export async function isSignedFor(key, purpose, payload, signature) {
  return verifyRaw(key.raw, preAuthenticationEncoding(purpose, payload), signature);
}

const ENVELOPE = "DSSEv1 ";

// For bytes that somebody else's format defines (notes, COSE); never for our own envelope.
export async function isSignedPlain(key, message, signature) {
  const start = String.fromCharCode(...message.subarray(0, ENVELOPE.length));
  return start !== ENVELOPE && verifyRaw(key.raw, message, signature);
}
