// A zlib stream (RFC 1950, 1951) to its content, synchronously and within bounds: the browser's own DecompressionStream cannot be
// told where to stop, and a few kilobytes may ask for gigabytes. Codes are read by counting (no tables to build), which
// keeps blocks that only declare codes cheap.

const BASE_LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const EXTRA_LENGTHS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const BASE_DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const BITS_MAX = 15;

class Broken extends Error {}

// The content, or null where the stream is no zlib stream, does not end, or holds more than `sizeMax`.
export function inflateWhole(data, sizeMax) {
  return inflate(data, sizeMax, true);
}

// The first bytes of the content, at most `sizeMax`; null where there are not that many to be had.
export function inflateBeginning(data, sizeMax) {
  return inflate(data, sizeMax, false);
}

function inflate(data, sizeMax, isWhole) {
  if (data.length < 2 || (data[0] & 15) !== 8 || data[0] >> 4 > 7 || data[1] & 32 || (data[0] * 256 + data[1]) % 31) return null;
  const reader = new Inflation(data, sizeMax);
  try {
    reader.run();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return !isWhole && reader.length === sizeMax ? reader.content() : null;
  }
  return isWhole || reader.length === sizeMax ? reader.content() : null;
}

class Inflation {
  constructor(data, sizeMax) {
    Object.assign(this, { data, sizeMax, at: 2, held: 0, count: 0, length: 0, output: new Uint8Array(Math.min(sizeMax, 4096)) });
    this.room = { lengths: new Uint8Array(320), code: emptyCode(19), literals: emptyCode(288), distances: emptyCode(32) };
  }

  content() {
    return this.output.slice(0, this.length);
  }

  run() {
    let isLast = false;
    while (!isLast) {
      isLast = this.bits(1) === 1;
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.coded(FIXED.lengths, FIXED.distances);
      else if (kind === 2) this.coded(...this.declaredCodes());
      else throw new Broken();
    }
    this.held = this.count = 0;
    let sum = 0;
    for (let byte = 0; byte < 4; byte += 1) sum = sum * 256 + this.byte();
    if (sum !== adler32(this.output, this.length)) throw new Broken();
  }

  byte() {
    if (this.at >= this.data.length) throw new Broken();
    return this.data[this.at++];
  }

  bits(count) {
    while (this.count < count) {
      this.held |= this.byte() << this.count;
      this.count += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.count -= count;
    return value;
  }

  put(byte) {
    if (this.length === this.sizeMax) throw new Broken();
    if (this.length === this.output.length) {
      const larger = new Uint8Array(Math.min(this.sizeMax, 2 * this.length));
      larger.set(this.output);
      this.output = larger;
    }
    this.output[this.length++] = byte;
  }

  stored() {
    this.held = this.count = 0;
    const length = this.byte() | (this.byte() << 8);
    if ((this.byte() | (this.byte() << 8)) !== (length ^ 0xffff)) throw new Broken();
    for (let done = 0; done < length; done += 1) this.put(this.byte());
  }

  symbol(code) {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= BITS_MAX; length += 1) {
      value |= this.bits(1);
      const here = code.counts[length];
      if (value - here < first) return code.symbols[index + value - first];
      index += here;
      first = (first + here) << 1;
      value <<= 1;
    }
    throw new Broken();
  }

  coded(lengths, distances) {
    for (;;) {
      const symbol = this.symbol(lengths);
      if (symbol < 256) this.put(symbol);
      else if (symbol === 256) return;
      else this.repeat(symbol - 257, distances);
    }
  }

  repeat(symbol, distances) {
    if (symbol >= BASE_LENGTHS.length) throw new Broken();
    const length = BASE_LENGTHS[symbol] + this.bits(EXTRA_LENGTHS[symbol]);
    const far = this.symbol(distances);
    if (far >= BASE_DISTANCES.length) throw new Broken();
    const distance = BASE_DISTANCES[far] + this.bits(Math.max(0, (far >> 1) - 1));
    if (distance > this.length) throw new Broken();
    for (let done = 0; done < length; done += 1) this.put(this.output[this.length - distance]);
  }

  declaredCodes() {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const declared = this.bits(4) + 4;
    if (literals > 286 || distances > 30) throw new Broken();
    const { lengths, code } = this.room;
    for (let place = 0; place < 19; place += 1) lengths[CODE_ORDER[place]] = place < declared ? this.bits(3) : 0;
    makeCode(code, lengths, 0, 19, false);
    const total = literals + distances;
    for (let place = 0; place < total; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[place++] = symbol;
        continue;
      }
      if (symbol === 16 && place === 0) throw new Broken();
      const value = symbol === 16 ? lengths[place - 1] : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (place + times > total) throw new Broken();
      for (let done = 0; done < times; done += 1) lengths[place++] = value;
    }
    if (lengths[256] === 0) throw new Broken();
    makeCode(this.room.literals, lengths, 0, literals, true);
    makeCode(this.room.distances, lengths, literals, total, true);
    return [this.room.literals, this.room.distances];
  }
}

function emptyCode(symbols) {
  return { counts: new Uint16Array(BITS_MAX + 1), starts: new Uint16Array(BITS_MAX + 2), symbols: new Uint16Array(symbols) };
}

// A canonical code from the lengths of its words. One that leaves words over is an error, as in zlib, unless it has one word of
// one bit, or none at all, where that is allowed.
function makeCode(code, lengths, from, to, mayBeShort) {
  const { counts, starts, symbols } = code;
  counts.fill(0);
  for (let at = from; at < to; at += 1) counts[lengths[at]] += 1;
  const used = to - from - counts[0];
  counts[0] = 0;
  let left = 1;
  for (let length = 1; length <= BITS_MAX; length += 1) {
    left = left * 2 - counts[length];
    if (left < 0) throw new Broken();
  }
  if (left > 0 && !(mayBeShort && (used === 0 || (used === 1 && counts[1] === 1)))) throw new Broken();
  starts[1] = 0;
  for (let length = 1; length <= BITS_MAX; length += 1) starts[length + 1] = starts[length] + counts[length];
  for (let at = from; at < to; at += 1) if (lengths[at] > 0) symbols[starts[lengths[at]]++] = at - from;
  return code;
}

const FIXED = (() => {
  const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  const distances = new Uint8Array(32).fill(5);
  return { lengths: makeCode(emptyCode(288), lengths, 0, 288, false), distances: makeCode(emptyCode(32), distances, 0, 32, false) };
})();

function adler32(bytes, length) {
  let low = 1;
  let high = 0;
  for (let at = 0; at < length; at += 1) {
    low = (low + bytes[at]) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}
