// The page: takes files, pictures, scanned and pasted text; shows each finding. Everything stays on this computer.
import { Fault, fromBase64, toBase64, utf8 } from "./bytes.js";
import { decodeCanonical, encodeCanonical } from "./canonical.js";
import { compared, sayInstant, sayUnit } from "./compared.js";
import { ENGINES, chosenEngine, publicKey, verifyRaw } from "./ed25519.js";
import { nextStep, sayFingerprint, showFinding } from "./finding.js";
import { openedInput } from "./opening.js";
import { openSnapshot } from "./status.js";
import { TEXTS } from "./texts.js";
import { isIncluded, leafHash } from "./tlog.js";
import { openBundle } from "./trust.js";
import { verifyFile } from "./verify.js";

const IMAGE = /^image\//;
const PICTURE_SIDE_MAX = 3000;
const CODE = "MC1:";
const FILE_SIZE_MAX = 40 * 1024 * 1024;
const REFUSED = new Set(["tooLarge", "noPicture", "noCode", "typedOver"]);
const page = { language: "vi", trust: null, reports: [], stream: null, messages: [], isReading: false, wasRefused: false };
const element = (id) => document.getElementById(id);
const say = (name) => TEXTS[page.language][name];

// The bundle and status that the page was downloaded with; { bundle, status } or null.
async function openTrust() {
  const slot = JSON.parse(element("trust-slot").textContent);
  if (slot === null) return null;
  const bundle = await openBundle(fromBase64(slot.bundle));
  return { bundle, status: slot.status ? await openedStatus(fromBase64(slot.status), bundle) : null };
}

// A status that the bundle does not vouch for is as none: the page begins all the same, and says that it has none.
async function openedStatus(data, bundle) {
  try {
    return await openSnapshot(data, bundle);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return null;
  }
}

// One input, whatever it is, to one finding.
async function verifyBytes(data, { trust = page.trust, now = Date.now(), policy } = {}) {
  return verifyFile(openedInput(data), trust.bundle, { now, status: trust.status, policy, rootIsPinned: false });
}

async function takeBytes(name, data) {
  if (page.trust === null) {
    if (await takeTrust(data)) return;
    tell("noTrust");
    return;
  }
  if (await takeStatus(data)) return;
  if (await isBundle(data)) return tell("trustHeld");
  const started = performance.now();
  const report = await verifyBytes(data);
  page.reports.unshift({ name, report, milliseconds: performance.now() - started, at: Date.now() });
  page.wasRefused = false;
  showMessages();
  showFindings();
  const field = element("text");
  if (document.activeElement === field && field.value !== "") return; // the next paper is being scanned: its letters go on into the field
  element("findings-title").focus({ preventScroll: true });
  element(page.messages.length > 0 ? "message" : "findings").scrollIntoView();
}

// What a person typed, pasted or chose. A program for typing Vietnamese turns letters of a scanned code into others (AA into Â): that is
// said, and what stood there is not guessed.
async function takeGiven(name, data) {
  const isTypedOver = utf8(CODE).every((byte, at) => data[at] === byte) && data.some((byte) => byte > 127);
  if (!isTypedOver) return takeBytes(name, data);
  refuse("typedOver", name);
  element("text").focus({ preventScroll: true });
}

// A page without a trust bundle takes one as a file; its fingerprint is shown for comparing.
async function takeTrust(data) {
  try {
    page.trust = { bundle: await openBundle(data), status: null };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return false;
  }
  await showTrust();
  tell("trustTaken");
  return true;
}

async function isBundle(data) {
  try {
    await openBundle(data);
    return true;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return false;
  }
}

// A status snapshot of the province, fetched apart: the newest one that reaches furthest stays.
async function takeStatus(data) {
  let snapshot;
  try {
    snapshot = await openSnapshot(data, page.trust.bundle);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return false;
  }
  if (snapshot.units !== null) return false; // a slice belongs to the file that carries it
  const held = page.trust.status;
  const isNewer = held === null || snapshot.status.size >= held.status.size;
  if (isNewer) page.trust.status = snapshot;
  await showTrust();
  tell(isNewer ? "statusTaken" : "statusOlder");
  return true;
}

async function takeFiles(files) {
  tell(null);
  for (const file of files) {
    if (file.size > FILE_SIZE_MAX) refuse("tooLarge", file.name);
    else if (IMAGE.test(file.type)) await takePicture(file);
    else await takeGiven(file.name, new Uint8Array(await file.arrayBuffer()));
  }
}

async function takePicture(file) {
  const text = await codeInPicture(file);
  if (text === undefined) refuse("noPicture", file.name);
  else if (text === null) refuse("noCode", file.name);
  else await takeBytes(file.name, utf8(text));
}

// The text of a code; null where there is none, undefined where the browser cannot open the picture.
async function codeInPicture(file) {
  page.isReading = true;
  showMessages();
  try {
    return await readCode(await createImageBitmap(file));
  } catch {
    return undefined;
  } finally {
    page.isReading = false;
    showMessages();
  }
}

let reader = null;

// The text of a QR code in a picture or a frame; null where there is none.
async function readCode(picture) {
  const width = picture.videoWidth ?? picture.width;
  const height = picture.videoHeight ?? picture.height;
  const scale = Math.min(1, PICTURE_SIDE_MAX / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  reader ??= prepareReader();
  await reader;
  const found = await globalThis.ZXingWASM.readBarcodes(drawing.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"], tryHarder: true });
  const codes = found.map((each) => each.text).filter(Boolean);
  return codes.find((text) => text.startsWith(CODE)) ?? codes[0] ?? null;
}

function prepareReader() {
  const wasmBinary = fromBase64(element("wasm").textContent.trim()).buffer;
  return globalThis.ZXingWASM.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
}

async function toggleCamera() {
  if (page.stream) return stopCamera();
  try {
    page.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
  } catch {
    return tell("noCamera");
  }
  const video = element("video");
  video.srcObject = page.stream;
  video.hidden = false;
  await video.play();
  element("camera").textContent = say("cameraStop");
  while (page.stream) {
    const text = video.videoWidth ? await readCode(video) : null;
    if (text !== null && page.stream) {
      stopCamera();
      tell(null);
      await takeBytes(say("fromCamera"), utf8(text));
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

function stopCamera() {
  for (const track of page.stream.getTracks()) track.stop();
  page.stream = null;
  element("video").hidden = true;
  element("camera").textContent = say("camera");
}

async function takeText() {
  const text = element("text").value.trim();
  element("text").value = "";
  tell(null);
  if (text) await takeGiven(say("fromText"), utf8(text));
  else tell("nothing");
}

let typed = "";

// A scanner types wherever the focus is: once it has typed the beginning of a code, the field takes the rest.
function followScanner(event) {
  if (event.key === "Shift") return;
  const isLetter = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && event.target !== element("text");
  typed = isLetter ? (typed + event.key).slice(-CODE.length) : "";
  if (typed !== CODE) return;
  event.preventDefault();
  typed = "";
  element("text").value = CODE;
  element("text").focus({ preventScroll: true });
}

// What is said beside the input, until something else is given; null: nothing.
function tell(name) {
  page.messages = name === null ? [] : [{ text: name }];
  showMessages();
  if (name !== null) element("message").scrollIntoView({ block: "nearest" });
}

// Something was given and could not be verified: that is said before anything else, for what stands below is about something else.
function refuse(text, name) {
  page.messages = [...page.messages.filter((each) => REFUSED.has(each.text)), { text, name }];
  page.wasRefused = true;
  showMessages();
  showFindings();
  element("message").scrollIntoView({ block: "center" });
}

function showMessages() {
  const lines = page.messages.map(({ text, name }) => (name === undefined ? say(text) : `${name}: ${say(text)}`));
  element("message").textContent = (page.isReading ? [...lines, say("reading")] : lines).join("\n");
  element("message").classList.toggle("refused", page.messages.some((each) => REFUSED.has(each.text)));
}

function showFindings() {
  element("findings").hidden = page.reports.length === 0;
  element("findings").classList.toggle("earlier", page.wasRefused);
  element("findings-title").textContent = say(page.wasRefused ? "findingsEarlier" : "findingsTitle");
  element("list").replaceChildren(...page.reports.map((each) => showFinding(each, page.language)));
}

function forget() {
  page.reports.length = 0;
  showFindings();
}

async function showTrust() {
  const program = JSON.parse(element("program").textContent);
  const rows = [];
  if (page.trust === null) rows.push([say("bundle"), say("bundleNone")]);
  else {
    const { bundle, status } = page.trust;
    rows.push([say("province"), sayUnit(bundle.province, null)]);
    rows.push([say("bundle"), `${say("version")} ${bundle.version}${bundle.issued === null ? "" : `, ${sayInstant(bundle.issued)}`}`]);
    rows.push([say("fingerprint"), sayFingerprint(bundle.fingerprint)]);
    rows.push([say("status"), status === null ? say("statusNone") : `${say("statusSize")} ${status.status.size}${status.issued === null ? "" : `, ${sayInstant(status.issued)}`}`]);
  }
  rows.push([say("program"), `motcua-verify ${program.version}`], [say("programDigest"), sayFingerprint(program.sha256)], [say("engine"), (await chosenEngine()).name]);
  element("trust").replaceChildren(...rows.flatMap(([term, value]) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = term;
    dd.textContent = value;
    return [dt, dd];
  }));
}

async function speak(language) {
  page.language = language;
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = say(each.dataset.text);
  const other = element("language");
  other.textContent = language === "vi" ? "English" : "Tiếng Việt";
  other.lang = language === "vi" ? "en" : "vi";
  showMessages();
  showFindings();
  await showTrust();
}

function listen() {
  const drop = element("drop");
  for (const name of ["file", "photo"]) {
    element(name).addEventListener("change", async ({ target }) => {
      await takeFiles([...target.files]);
      target.value = "";
    });
  }
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") takeFiles([...event.dataTransfer.files]);
    });
  }
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length > 0) takeFiles(files);
  });
  element("text").addEventListener("keydown", (event) => {
    // A scanner ends what it types with Enter.
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      takeText();
    }
  });
  document.addEventListener("keydown", followScanner);
  element("check").addEventListener("click", takeText);
  element("camera").addEventListener("click", toggleCamera);
  element("language").addEventListener("click", () => speak(page.language === "vi" ? "en" : "vi"));
}

async function start() {
  listen();
  try {
    page.trust = await openTrust();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    page.trust = null;
  }
  await speak("vi");
  if (page.trust === null) tell("noTrust");
  element("text").focus();
}

// Promised to the tests of this page, and to whoever wants to look behind it.
globalThis.motcua = {
  start: start(), take: takeBytes, forget, verify: verifyBytes, openBundle, openSnapshot, fromBase64, toBase64, publicKey, verifyRaw, ENGINES, encodeCanonical,
  decodeCanonical, isIncluded, leafHash, nextStep, compared,
};
