// What a person hands over, made into what is verified: a PDF with a proof inside, or the thing itself. The same streams are found as
// by signing/opening.py, and time and memory are bounded whatever the file says.
import { utf8 } from "./bytes.js";
import { inflateBeginning, inflateWhole } from "./inflate.js";

const PROOF_BYTES_MAX = 1 << 20;
const STREAMS_MAX = 2000;
const CANDIDATES_MAX = 2;
const PEEK_BYTES = 1024;
const [PDF, STREAM, END, BEFORE, MARK] = ["%PDF-", "stream", "endstream", "end", '"format":"motcua-proof/1"'].map(utf8);
const [LINE_FEED, RETURN, BRACE] = [10, 13, 123];

// The proof inside, or the input itself where there is none.
export function openedInput(data) {
  return (startsWith(data, PDF, 0) && proofInPdf(data)) || data;
}

function proofInPdf(data) {
  let [number, candidates, end] = [0, 0, 0];
  for (const begin of streamBegins(data)) {
    if (number === STREAMS_MAX || candidates === CANDIDATES_MAX) return null;
    number += 1;
    if (end < begin) {
      const found = indexOf(data, END, begin);
      end = found < 0 ? data.length : found;
    }
    const isPlain = begin < end && data[begin] === BRACE;
    const head = data.subarray(begin, Math.min(end, begin + PEEK_BYTES));
    if (!isPlain && inflateBeginning(head, 1)?.[0] !== BRACE) continue;
    candidates += 1;
    const stream = data.subarray(begin, Math.min(end, begin + PROOF_BYTES_MAX + PEEK_BYTES));
    const proof = isPlain ? withoutLineEnd(stream) : inflateWhole(stream, PROOF_BYTES_MAX);
    if (proof !== null && indexOf(proof, MARK, 0) >= 0) return proof;
  }
  return null;
}

function* streamBegins(data) {
  for (let at = indexOf(data, STREAM, 0); at >= 0; at = indexOf(data, STREAM, at)) {
    const isEnd = startsWith(data, BEFORE, at - BEFORE.length);
    at += STREAM.length;
    if (isEnd) continue;
    const feed = data[at] === RETURN ? at + 1 : at;
    if (data[feed] === LINE_FEED) yield feed + 1;
  }
}

function withoutLineEnd(data) {
  let end = data.length;
  while (end > 0 && (data[end - 1] === LINE_FEED || data[end - 1] === RETURN)) end -= 1;
  return data.subarray(0, end);
}

function startsWith(data, pattern, at) {
  return at >= 0 && pattern.every((byte, offset) => data[at + offset] === byte);
}

function indexOf(data, pattern, from) {
  for (let at = data.indexOf(pattern[0], from); at >= 0; at = data.indexOf(pattern[0], at + 1)) {
    if (startsWith(data, pattern, at)) return at;
  }
  return -1;
}
