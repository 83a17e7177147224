// Canvas over a picture: brush, eraser, undo and clear. The value is {example, paint}; paint is a PNG, or null without
// strokes. The server sets {example, picture} to show another picture.

const image = element.querySelector("img");
const canvas = element.querySelector("canvas");
const tools = element.querySelector(".tools");
const size = tools.querySelector("input[type=range]");
const context = canvas.getContext("2d");
const SIDES = 800; // width and height of the canvas together, about, over a small picture

let strokes = [];
let stroke = null;
let colour = null; // null erases

function choose(button) {
  colour = button.dataset.colour || null;
  for (const other of tools.querySelectorAll("[data-colour], [data-act=erase]")) {
    other.setAttribute("aria-pressed", other === button);
  }
}

function redraw() {
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const { colour, width, points } of strokes) {
    context.globalCompositeOperation = colour ? "source-over" : "destination-out";
    context.strokeStyle = colour ?? "black";
    context.lineWidth = width;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...points[0]);
    for (const point of points) context.lineTo(...point);
    context.stroke();
  }
}

function send() {
  const paint = strokes.length ? canvas.toDataURL("image/png") : null;
  props.value = { example: props.value.example, paint };
  trigger("input");
}

function show() {
  if (!props.value.picture) return;
  image.src = props.value.picture;
}

function position(event) {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

image.addEventListener("load", () => {
  const { naturalWidth: width, naturalHeight: height } = image;
  const factor = Math.max(1, Math.round(SIDES / (width + height)));
  [canvas.width, canvas.height] = [factor * width, factor * height]; // which clears it
  image.parentElement.style.aspectRatio = `${width} / ${height}`;
  strokes = [];
});

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  const width = (Number(size.value) / 100) * Math.min(canvas.width, canvas.height);
  stroke = { colour, width, points: [position(event)] };
  strokes.push(stroke);
  redraw();
});

canvas.addEventListener("pointermove", (event) => {
  if (!stroke) return;
  stroke.points.push(...(event.getCoalescedEvents?.() ?? [event]).map(position));
  redraw();
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (!stroke) return;
    stroke = null;
    send();
  });
}

tools.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.colour || button.dataset.act === "erase") return choose(button);
  if (!strokes.length) return;
  strokes = button.dataset.act === "undo" ? strokes.slice(0, -1) : [];
  redraw();
  send();
});

tools.addEventListener("input", (event) => {
  if (event.target.type !== "color") return;
  const button = event.target.closest("label");
  button.dataset.colour = event.target.value;
  choose(button);
});

choose(tools.querySelector("[data-colour]"));
watch("value", show);
show();
