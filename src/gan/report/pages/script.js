"use strict";
for (const film of document.querySelectorAll(".film")) {
  const frames = [...film.querySelectorAll(".frames img")];
  const slider = film.querySelector("input"), button = film.querySelector(".play"), step = film.querySelector(".step");
  let timer = null;
  const show = place => {
    frames.forEach((frame, number) => { frame.hidden = number !== place; });
    slider.value = place;
    slider.style.setProperty("--part", `${100 * place / Math.max(1, frames.length - 1)}%`);
    slider.setAttribute("aria-valuetext", `step ${frames[place].dataset.step}`);
    step.textContent = frames[place].dataset.step;
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    film.classList.remove("playing");
    button.setAttribute("aria-label", "Play");
  };
  const next = () => {
    if (+slider.value < frames.length - 1) show(+slider.value + 1);
    if (+slider.value === frames.length - 1) stop();
  };
  button.addEventListener("click", () => {
    if (timer !== null) { stop(); return; }
    if (+slider.value === frames.length - 1) show(0);
    timer = setInterval(next, Math.max(100, Math.min(400, 4000 / frames.length)));
    film.classList.add("playing");
    button.setAttribute("aria-label", "Pause");
  });
  slider.addEventListener("input", () => { stop(); show(+slider.value); });
  film.querySelector(".controls").hidden = frames.length < 2;
  show(frames.length - 1);
}

for (const plot of document.querySelectorAll(".plot")) {
  const lines = JSON.parse(plot.dataset.lines), svg = plot.querySelector("svg");
  const cursor = plot.querySelector(".cursor"), tip = plot.querySelector(".tip");
  const names = [...plot.querySelectorAll("path.line, path.dots")].length && plot.parentElement.querySelectorAll(".legend li:not(.level)");
  const hide = () => { cursor.hidden = tip.hidden = true; };
  plot.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), at = 100 * (event.clientX - box.left) / box.width;
    if (at < -2 || at > 102) { hide(); return; }
    const near = points => points.reduce((a, b) => Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a);
    const found = lines.slice(0, names.length).map(near), place = found.reduce((a, b) => Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a);
    cursor.style.left = `${place[0]}%`;
    tip.replaceChildren(Object.assign(document.createElement("b"), {textContent: place[2]}));
    found.forEach((point, number) => {
      if (Math.abs(point[0] - place[0]) > 2) return;
      const row = document.createElement("span"), mark = document.createElement("i");
      row.className = names[number].className;
      row.append(mark, ` ${point[3]}`);
      tip.append(row);
    });
    tip.style.left = `${place[0]}%`;
    tip.classList.toggle("left", place[0] > 55);
    cursor.hidden = tip.hidden = false;
  });
  plot.addEventListener("pointerleave", hide);
}

for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
