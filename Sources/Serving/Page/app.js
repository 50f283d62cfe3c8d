// One calm page: chat, ask, paint. All text from the model goes in as text, never as markup.
const $ = id => document.getElementById(id);
const panels = ["chat", "ask", "paint"];
let running = null;  // the AbortController of what is being made

// Errors and requests

function show(error) {
  $("error").textContent = error ? String(error.message || error) : "";
  $("error").hidden = !error;
}

async function post(path, body, signal) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "Content-Type": "application/json" };
  const key = localStorage.getItem("mmada-key");
  if (key) headers.Authorization = "Bearer " + key;
  const response = await fetch(path, { method: "POST", headers, body: form ? body : JSON.stringify(body), signal });
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  if (response.status === 401) {
    const given = prompt("This server wants a key:");
    if (given) { localStorage.setItem("mmada-key", given); return post(path, body, signal); }
  }
  throw new Error(problem?.error?.message || `The server answered ${response.status}.`);
}

// The data of server-sent events, parsed.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const data = rest.slice(0, end).split("\n").filter(line => line.startsWith("data: ")).map(line => line.slice(6));
      rest = rest.slice(end + 2);
      if (data.length === 0 || data[0] === "[DONE]") continue;
      const value = JSON.parse(data.join("\n"));
      if (value.error) throw new Error(value.error.message);
      yield value;
    }
  }
}

// Runs work that the Stop buttons end.
async function run(panel, work) {
  if (running) return;
  show(null);
  running = new AbortController();
  const stop = panel.querySelector(".stop");
  const submits = [...document.querySelectorAll("button[type=submit], .tools button")];
  submits.forEach(button => button.disabled = true);
  stop.hidden = false;
  stop.onclick = () => running?.abort();
  try {
    await work(running.signal);
  } catch (error) {
    if (error.name !== "AbortError") show(error);
  } finally {
    running = null;
    stop.hidden = true;
    submits.forEach(button => button.disabled = false);
  }
}

// Tabs

function choose(name) {
  for (const other of panels) {
    const tab = $("tab-" + other), on = other === name;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    $("panel-" + other).hidden = !on;
  }
  replay.hide();
}
panels.forEach((name, index) => {
  $("tab-" + name).onclick = () => choose(name);
  $("tab-" + name).onkeydown = event => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = panels[(index + move + panels.length) % panels.length];
    choose(next);
    $("tab-" + next).focus();
  };
});

// Replay: texts as lists of tokens, pictures as files, one frame a step.

const replay = {
  frames: [], timer: null,
  hide() { $("replay").hidden = true; this.stop(); },
  reset() { this.frames = []; this.stop(); },
  add(frame) {
    const atEnd = Number($("replay-step").value) >= this.frames.length - 1;
    this.frames.push(frame);
    $("replay").hidden = false;
    $("replay-step").max = this.frames.length - 1;
    if (atEnd) { $("replay-step").value = this.frames.length - 1; this.draw(); }
  },
  stop() {
    clearInterval(this.timer);
    this.timer = null;
    $("replay-play").setAttribute("aria-pressed", "false");
    $("replay-play").textContent = "Play";
  },
  play() {
    if (this.timer) { this.stop(); return; }
    $("replay-play").setAttribute("aria-pressed", "true");
    $("replay-play").textContent = "Pause";
    if (Number($("replay-step").value) >= this.frames.length - 1) $("replay-step").value = 0;
    this.timer = setInterval(() => {
      const next = Number($("replay-step").value) + 1;
      if (next >= this.frames.length) { this.stop(); return; }
      $("replay-step").value = next;
      this.draw();
    }, 200);
  },
  draw() {
    const index = Number($("replay-step").value), frame = this.frames[index];
    if (!frame) return;
    $("replay-value").textContent = `${frame.step} of ${frame.total}`;
    const view = $("replay-view"), colours = $("replay-confidence").checked;
    view.replaceChildren(frame.tokens ? drawTokens(frame, colours) : drawPatches(frame, colours));
  },
};
$("replay-step").oninput = () => { replay.stop(); replay.draw(); };
$("replay-confidence").onchange = () => replay.draw();
$("replay-play").onclick = () => replay.play();

// From red, unsure, to green, sure.
const colour = confidence => `hsl(${Math.round(120 * Math.max(0, Math.min(1, confidence)))} 60% 50% / .35)`;

function drawTokens(frame, colours) {
  const line = document.createElement("p");
  for (const token of frame.tokens) {
    const span = document.createElement("span");
    span.className = "token" + (token ? "" : " masked") + (token?.step === frame.step ? " new" : "");
    span.textContent = token ? token.text : "▒";
    if (token && colours) span.style.background = colour(token.confidence);
    if (token) span.title = `step ${token.step}, confidence ${token.confidence.toFixed(2)}`;
    line.append(span);
  }
  return line;
}

function drawPatches(frame, colours) {
  const box = document.createElement("div");
  box.className = "patches";
  const picture = document.createElement("img");
  picture.src = frame.picture;
  picture.alt = `The picture after step ${frame.step} of ${frame.total}`;
  box.append(picture);
  const side = Math.sqrt(frame.patches.length);
  if (colours && Number.isInteger(side)) {
    const grid = document.createElement("div");
    grid.className = "grid";
    grid.style.gridTemplate = `repeat(${side}, 1fr) / repeat(${side}, 1fr)`;
    for (const confidence of frame.patches) {
      const cell = document.createElement("span");
      if (confidence != null) {
        cell.style.background = colour(confidence);
        if (side <= 16) cell.textContent = confidence.toFixed(2).replace(/^0/, "");
      }
      grid.append(cell);
    }
    box.append(grid);
  }
  return box;
}

// Texts

function bubble(log, role) {
  const item = document.createElement("li");
  item.className = role;
  log.append(item);
  return item;
}

// Streams an answer into a list; gives its text.
async function answer(log, body, signal) {
  const item = bubble(log, "assistant");
  const thinking = document.createElement("details");
  thinking.className = "thinking";
  thinking.open = true;
  const title = document.createElement("summary"), thought = document.createElement("div"), text = document.createElement("div");
  title.textContent = "Thinking";
  thinking.append(title, thought);
  thinking.hidden = true;
  item.append(thinking, text);
  item.setAttribute("aria-busy", "true");
  replay.reset();
  let tokens = [];
  try {
    const response = await post("/v1/chat/completions", { ...body, stream: true, stream_options: { mmada_steps: true } }, signal);
    for await (const chunk of events(response)) {
      const delta = chunk.choices[0]?.delta ?? {};
      if (delta.reasoning_content) { thinking.hidden = false; thought.textContent += delta.reasoning_content; }
      if (delta.content) text.textContent += delta.content;
      if (chunk.mmada) {
        const { step, total, masked, changed } = chunk.mmada;
        tokens = tokens.slice();
        for (const [place, word, confidence] of changed) tokens[place] = { text: word, confidence, step };
        const known = tokens.filter(Boolean).length;
        const frame = Array.from({ length: Math.max(tokens.length, known + masked) }, (_, i) => tokens[i] ?? null);
        replay.add({ step, total, tokens: frame });
      }
    }
  } finally {
    item.setAttribute("aria-busy", "false");
  }
  return text.textContent;
}

const conversation = [];
$("chat-reset").onclick = () => { running?.abort(); conversation.length = 0; $("chat-log").replaceChildren(); replay.hide(); };
$("chat-form").onsubmit = event => {
  event.preventDefault();
  run($("panel-chat"), async signal => {
    const content = $("chat-text").value.trim();
    if (!content) return;
    $("chat-text").value = "";
    bubble($("chat-log"), "user").textContent = content;
    // What failed is not said again with the next message.
    const turn = { role: "user", content };
    const text = await answer($("chat-log"), { messages: [...conversation, turn], think: $("chat-think").checked }, signal);
    conversation.push(turn, { role: "assistant", content: text });
  });
};

// A picture to ask about

let asked = null;
function take(file) {
  if (!file?.type.startsWith("image/")) return;
  const reader = new FileReader();
  reader.onload = () => {
    asked = reader.result;
    $("ask-picture").src = asked;
    $("ask-picture").alt = "The picture that is asked about";
    $("ask-picture").hidden = false;
    $("ask-log").replaceChildren();
  };
  reader.readAsDataURL(file);
}
for (const id of ["ask-file", "ask-camera"]) $(id).onchange = event => take(event.target.files[0]);
const drop = $("ask-drop");
drop.ondragover = event => { event.preventDefault(); drop.classList.add("over"); };
drop.ondragleave = () => drop.classList.remove("over");
drop.ondrop = event => { event.preventDefault(); drop.classList.remove("over"); take(event.dataTransfer.files[0]); };
document.onpaste = event => { if (!$("panel-ask").hidden) take([...event.clipboardData.files][0]); };
$("ask-form").onsubmit = event => {
  event.preventDefault();
  run($("panel-ask"), async signal => {
    if (!asked) throw new Error("Choose a picture first.");
    const text = $("ask-text").value.trim();
    bubble($("ask-log"), "user").textContent = text;
    const content = [{ type: "image_url", image_url: { url: asked } }, { type: "text", text }];
    await answer($("ask-log"), { messages: [{ role: "user", content }], think: $("ask-think").checked }, signal);
  });
};

// Painting

let painted = null;  // a data URL
const sliders = { "paint-steps": 16, "paint-guidance": 3.5 };
for (const id of Object.keys(sliders)) $(id).oninput = () => $(id + "-value").textContent = $(id).value;

function settings() {
  const body = { prompt: $("paint-text").value.trim(), steps: Number($("paint-steps").value), guidance_scale: Number($("paint-guidance").value) };
  const seed = $("paint-seed").value === "" ? Math.floor(Math.random() * 2147483647) : Number($("paint-seed").value);
  return { ...body, seed, n: 1, stream: true, partial_images: 64 };
}

async function follow(response, what, isWhole = true) {
  $("paint-result").hidden = false;
  replay.reset();
  try {
    await takePictures(response, what, isWhole);
  } catch (error) {
    // What can be edited and what is seen stay the same picture.
    if (painted) $("paint-picture").src = painted;
    throw error;
  }
}

// `isWhole`: whether what is painted is the whole picture, so that confidences have their places on it.
async function takePictures(response, what, isWhole) {
  let patches = [];
  for await (const event of events(response)) {
    const picture = "data:image/png;base64," + event.b64_json;
    $("paint-picture").src = picture;
    const told = event.mmada;
    if (told) {
      const next = patches.slice();
      for (const [place, confidence] of told.changed) next[place] = confidence;
      patches = next;
      const known = patches.filter(value => value != null).length;
      const all = Array.from({ length: Math.max(patches.length, known + told.masked) }, (_, i) => patches[i] ?? null);
      replay.add({ step: told.step, total: told.total, picture, patches: isWhole ? all : [] });
      $("paint-status").textContent = `Step ${told.step} of ${told.total}`;
    }
    if (event.type.endsWith(".completed")) {
      painted = picture;
      $("paint-picture").alt = what;
      $("paint-download").href = picture;
      $("paint-status").textContent = "Done.";
      const total = replay.frames.at(-1)?.total ?? 1;
      replay.add({ step: total, total, picture, patches: [] });
    }
  }
}

$("paint-form").onsubmit = event => {
  event.preventDefault();
  run($("panel-paint"), async signal => {
    const body = settings();
    if (!body.prompt) return;
    body.think = $("paint-think").checked;
    clearMask();
    await follow(await post("/v1/images/generations", body, signal), body.prompt);
    $("paint-status").textContent = `Done. Seed ${body.seed}.`;
  });
};

async function edit(more, signal) {
  if (!painted) throw new Error("Paint a picture first.");
  const form = new FormData(), body = settings();
  for (const [name, value] of Object.entries(body)) form.append(name, String(value));
  form.append("image", await (await fetch(painted)).blob(), "picture.png");
  for (const [name, value] of Object.entries(more)) value instanceof Blob ? form.append(name, value, name + ".png") : form.append(name, value);
  await follow(await post("/v1/images/edits", form, signal), body.prompt, !more.extend);
}

const mask = $("paint-mask"), brush = mask.getContext("2d");
function clearMask() { brush.clearRect(0, 0, mask.width, mask.height); }
$("paint-picture").onload = () => {
  const { naturalWidth: width, naturalHeight: height } = $("paint-picture");
  if (mask.width !== width || mask.height !== height) { mask.width = width; mask.height = height; }
};
$("paint-brush").onchange = () => mask.classList.toggle("on", $("paint-brush").checked);
$("paint-clear").onclick = clearMask;
mask.onpointermove = event => {
  if (!(event.buttons & 1)) return;
  const box = mask.getBoundingClientRect(), scale = mask.width / box.width;
  brush.fillStyle = "#d33";
  brush.beginPath();
  brush.arc((event.clientX - box.left) * scale, (event.clientY - box.top) * scale, Number($("paint-size").value) / 4, 0, 7);
  brush.fill();
};
mask.onpointerdown = event => { mask.setPointerCapture(event.pointerId); mask.onpointermove(event); };

// OpenAI's masks are transparent where something is to be painted.
function maskFile() {
  const canvas = new OffscreenCanvas(mask.width, mask.height), context = canvas.getContext("2d");
  const drawn = brush.getImageData(0, 0, mask.width, mask.height), out = context.createImageData(mask.width, mask.height);
  let any = false;
  for (let i = 0; i < drawn.data.length; i += 4) {
    const on = drawn.data[i + 3] > 0;
    any ||= on;
    out.data[i + 3] = on ? 0 : 255;
  }
  if (!any) throw new Error("Draw a mask first: switch the mask brush on and drag over the picture.");
  context.putImageData(out, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
$("paint-inpaint").onclick = () => run($("panel-paint"), async signal => {
  await edit({ mask: await maskFile() }, signal);
  clearMask();
});
for (const button of document.querySelectorAll("[data-extend]")) {
  button.onclick = () => run($("panel-paint"), signal => edit({ extend: button.dataset.extend }, signal));
}

// The steps as files: pictures side by side in one, texts and pictures one after another in a film.

const pictures = () => Promise.all(replay.frames.filter(frame => frame.picture)
  .map(async frame => createImageBitmap(await (await fetch(frame.picture)).blob())));

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

$("paint-sheet").onclick = async () => {
  const all = await pictures();
  if (!all.length) return;
  const columns = Math.ceil(Math.sqrt(all.length)), { width, height } = all[0];
  const sheet = new OffscreenCanvas(columns * width, Math.ceil(all.length / columns) * height), context = sheet.getContext("2d");
  all.forEach((picture, i) => context.drawImage(picture, i % columns * width, Math.floor(i / columns) * height));
  save(await sheet.convertToBlob({ type: "image/png" }), "steps.png");
};

// Writes the tokens of a step on a canvas; gives the height that they take.
function writeTokens(context, frame, colours) {
  const line = 28, margin = 16, { width, height } = context.canvas;
  let x = margin, y = margin;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.font = "18px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const token of frame.tokens) {
    for (const [i, piece] of (token ? token.text : "▒").split("\n").entries()) {
      if (i > 0) { x = margin; y += line; }
      const size = context.measureText(piece).width;
      if (x + size > width - margin) { x = margin; y += line; }
      if (token && colours) { context.fillStyle = colour(token.confidence); context.fillRect(x, y - 4, size, line - 2); }
      context.fillStyle = token ? "#111" : "#bbb";
      context.fillText(piece, x, y);
      x += size;
    }
  }
  return y + line + margin;
}

// What draws each frame of a film on a canvas.
async function filmOfPictures(canvas) {
  const context = canvas.getContext("2d"), all = await pictures(), { width, height } = all[0];
  const scale = Math.max(1, Math.round(512 / Math.max(width, height)));
  [canvas.width, canvas.height] = [width * scale, height * scale];
  context.imageSmoothingEnabled = false;
  return all.map(picture => () => context.drawImage(picture, 0, 0, canvas.width, canvas.height));
}
function filmOfTexts(canvas) {
  const context = canvas.getContext("2d"), frames = replay.frames.slice(), colours = $("replay-confidence").checked;
  canvas.width = 640;
  canvas.height = Math.max(...frames.map(frame => writeTokens(context, frame, colours)));
  return frames.map(frame => () => writeTokens(context, frame, colours));
}

$("replay-animation").onclick = async () => {
  if (!replay.frames.length) return;
  const canvas = document.createElement("canvas"), pause = time => new Promise(done => setTimeout(done, time));
  $("replay-animation").disabled = true;
  try {
    const film = replay.frames[0].picture ? await filmOfPictures(canvas) : filmOfTexts(canvas);
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: "video/webm" }), parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    const done = new Promise(resolve => recorder.onstop = resolve);
    recorder.start();
    for (const draw of film) { draw(); await pause(Math.min(200, 6000 / film.length)); }
    await pause(1000);
    recorder.stop();
    await done;
    save(new Blob(parts, { type: "video/webm" }), "steps.webm");
  } catch (error) {
    show(error);
  } finally {
    $("replay-animation").disabled = false;
  }
};

// What the server is

try {
  const response = await fetch("/defaults.json");
  const defaults = response.ok ? await response.json() : {};
  $("model").textContent = defaults.model ?? "";
  sliders["paint-steps"] = defaults.timesteps ?? 16;
  sliders["paint-guidance"] = defaults.guidance_scale ?? 3.5;
  if (defaults.paints === false) $("tab-paint").hidden = $("tab-ask").hidden = true;
} catch { /* the page works with its own defaults */ }
for (const [id, value] of Object.entries(sliders)) { $(id).value = value; $(id + "-value").textContent = value; }
