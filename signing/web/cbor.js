// Deterministic CBOR and base45, as signing/cbor.py and base45.py: nothing is read that the writers would not write.
import { Fault, concat, utf8 } from "./bytes.js";

const CBOR_DEPTH_MAX = 8;
const LONG_FORMS = { 24: [1, 24n], 25: [2, 1n << 8n], 26: [4, 1n << 16n], 27: [8, 1n << 32n] };
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function decodeCbor(data, sizeMax) {
  if (data.length > sizeMax) throw new Fault(`${data.length} bytes exceed the limit of ${sizeMax}`);
  const reader = new CborReader(data);
  const value = reader.value(CBOR_DEPTH_MAX);
  if (reader.position !== data.length) throw new Fault("bytes after the end of the value");
  return value;
}

// Integers come as numbers, byte strings as Uint8Array, maps as Map.
class CborReader {
  constructor(data) {
    this.data = data;
    this.position = 0;
  }

  value(depthLeft) {
    const [major, number] = this.head();
    if (major === 0) return boundedNumber(number, Number.MAX_SAFE_INTEGER);
    if (major === 1) return -1 - boundedNumber(number, Number.MAX_SAFE_INTEGER - 1);
    if (major === 2) return this.take(number);
    if (major === 3) return cborText(this.take(number));
    if (major > 5) throw new Fault("a tag, a float or a simple value");
    if (depthLeft === 0) throw new Fault(`nested deeper than ${CBOR_DEPTH_MAX}`);
    this.checkLeft(major === 4 ? number : 2n * number);
    return major === 4 ? Array.from({ length: Number(number) }, () => this.value(depthLeft - 1)) : this.map(Number(number), depthLeft - 1);
  }

  map(length, depthLeft) {
    const found = new Map();
    let before = -1;
    for (let count = 0; count < length; count += 1) {
      const [byte] = this.take(1n);
      if (!(byte < 24 || (byte >= 0x20 && byte < 0x38))) throw new Fault("a map key is an integer from -24 to 23");
      if (byte <= before) throw new Fault("map keys are ascending, each once");
      before = byte;
      found.set(byte < 24 ? byte : -1 - (byte - 0x20), this.value(depthLeft));
    }
    return found;
  }

  head() {
    const [first] = this.take(1n);
    const information = first & 31;
    if (information < 24) return [first >> 5, BigInt(information)];
    if (!LONG_FORMS[information]) throw new Fault("an indefinite length or a reserved form");
    const [length, least] = LONG_FORMS[information];
    const number = this.take(BigInt(length)).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (number < least) throw new Fault("a number in a longer form than it needs");
    return [first >> 5, number];
  }

  take(length) {
    this.checkLeft(length);
    const start = this.position;
    this.position += Number(length);
    return this.data.subarray(start, this.position);
  }

  checkLeft(length) {
    if (length > BigInt(this.data.length - this.position)) throw new Fault("the bytes end before the value does");
  }
}

function boundedNumber(number, most) {
  if (number > BigInt(most)) throw new Fault("an integer is outside ±(2^53−1)");
  return Number(number);
}

function cborText(encoded) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded);
  } catch {
    throw new Fault("text is not UTF-8");
  }
  if (text.normalize("NFC") !== text) throw new Fault("text is not in NFC");
  return text;
}

// Byte strings and arrays of them: all that a COSE Sig_structure is made of.
export function encodeSigned(protectedHeader, externalAad, payload) {
  const parts = [protectedHeader, externalAad, payload].map((bytes) => concat(cborHead(2, bytes.length), bytes));
  const context = utf8("Signature1");
  return concat(Uint8Array.of(0x84), cborHead(3, context.length), context, ...parts);
}

function cborHead(major, number) {
  if (number < 24) return Uint8Array.of((major << 5) | number);
  if (number < 256) return Uint8Array.of((major << 5) | 24, number);
  return Uint8Array.of((major << 5) | 25, number >> 8, number & 255);
}

export function decodeBase45(text) {
  const values = [...text].map((character) => BASE45.indexOf(character));
  if (values.includes(-1)) throw new Fault("a character outside base45");
  const bytes = [];
  for (let start = 0; start < values.length; start += 3) {
    const group = values.slice(start, start + 3);
    if (group.length === 1) throw new Fault("a base45 text ends within a group");
    const number = group.reduce((sum, value, place) => sum + value * 45 ** place, 0);
    if (number >= 256 ** (group.length - 1)) throw new Fault("a base45 group stands for more than its bytes hold");
    if (group.length === 3) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}
