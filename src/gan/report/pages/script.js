"use strict";
for (const animation of document.querySelectorAll(".animation")) {
  const frames = [...animation.querySelectorAll(".frames img")];
  const slider = animation.querySelector("input"), button = animation.querySelector(".play");
  const step = animation.querySelector(".step");
  let timer = null;
  const show = index => {
    frames.forEach((frame, number) => { frame.hidden = number !== index; });
    slider.value = index;
    slider.style.setProperty("--part", `${100 * index / Math.max(1, frames.length - 1)}%`);
    slider.setAttribute("aria-valuetext", `step ${frames[index].dataset.step}`);
    step.textContent = frames[index].dataset.step;
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    animation.classList.remove("playing");
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
    animation.classList.add("playing");
    button.setAttribute("aria-label", "Pause");
  });
  slider.addEventListener("input", () => { stop(); show(+slider.value); });
  animation.querySelector(".controls").hidden = frames.length < 2;
  show(frames.length - 1);
}

for (const plot of document.querySelectorAll(".plot")) {
  const lines = JSON.parse(plot.dataset.lines), svg = plot.querySelector("svg");  // points: x %, y %, x text, y text
  const cursor = plot.querySelector(".cursor"), tooltip = plot.querySelector(".tooltip");
  const entries = plot.parentElement.querySelectorAll(".legend li:not(.level)");  // dashed lines, which come last, have none
  const hide = () => { cursor.hidden = tooltip.hidden = true; };
  plot.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), x = 100 * (event.clientX - box.left) / box.width;
    if (x < -2 || x > 102 || entries.length === 0) { hide(); return; }
    const nearest = points => points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
    const candidates = lines.slice(0, entries.length).map(nearest), chosen = nearest(candidates);
    cursor.style.left = `${chosen[0]}%`;
    tooltip.replaceChildren(Object.assign(document.createElement("b"), {textContent: chosen[2]}));
    candidates.forEach((point, number) => {
      if (Math.abs(point[0] - chosen[0]) > 2) return;
      const row = document.createElement("span"), mark = document.createElement("i");
      row.className = entries[number].className;
      row.append(mark, ` ${point[3]}`);
      tooltip.append(row);
    });
    tooltip.style.left = `${chosen[0]}%`;
    tooltip.classList.toggle("left", chosen[0] > 55);
    cursor.hidden = tooltip.hidden = false;
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
