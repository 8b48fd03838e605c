"use strict";
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const picture = document.querySelector("#picture > svg");
const states = new Map();
let first = true;

function made(tag, attributes, text, space) {
  const one = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  if (text !== undefined) one.textContent = text;
  return one;
}
const drawn = (tag, attributes, text) => made(tag, attributes, text, SVG);
const word = (state) => state.replaceAll(" ", "-");

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

/* Rows of cells [text, class]; the first one is the row's heading. Nothing is touched that has not
   changed, so that a reader's place in a table stays. */
function fill(id, rows, nothing) {
  const body = byId(id);
  const columns = body.closest("table").querySelectorAll("thead th").length;
  const shown = rows.length ? rows : [[[nothing, ""]]];
  const key = JSON.stringify(shown);
  if (body.dataset.key === key) return;
  body.dataset.key = key;
  body.replaceChildren(...shown.map((cells) => {
    const row = made("tr", {});
    const whole = cells.length < columns ? { colspan: columns } : {};
    cells.forEach(([text, kind], number) => {
      row.append(number ? made("td", { class: kind }, text) : made("th", { scope: "row", class: kind, ...whole }, text));
    });
    return row;
  }));
}

const percent = (value) => (value === null ? "–" : `${value.toFixed(1)} %`);

function instances(state) {
  fill("instances", state.instances.map((one) => [
    [one.id, "id"], [one.state, `state ${word(one.state)}`],
    [`${one.zone} ${one.address}`.trim() || "–", ""], [percent(one.cpu), "number"],
  ]), "none yet");
  const group = state.group;
  say("group", `${group.in_service} in service, ${group.desired} desired, ${group.minimum} to ${group.maximum} allowed`);
  const news = [];
  for (const one of state.instances) {
    if (states.get(one.id) !== one.state && !first) news.push(`${one.id} is ${one.state}`);
    states.set(one.id, one.state);
  }
  if (news.length) byId("announcements").textContent = `${news.join("; ")}.`;
  tokens(group.part, state.instances);
}

/* The picture's places for instances, one a subnet, with those that are there now. */
function tokens(part, all) {
  const subnets = new Set(all.map((one) => one.subnet));
  const places = [...picture.querySelectorAll(`[data-part="${CSS.escape(part)}"] [data-subnet]`)];
  for (const place of places) {
    place.dataset.box ||= JSON.stringify(["x", "y", "width", "height"].map((name) => Number(place.querySelector("rect").getAttribute(name))));
    const [x, y, width, height] = JSON.parse(place.dataset.box);
    const here = all.filter((one) => one.subnet === place.dataset.subnet);
    const waiting = place === places[0] ? all.filter((one) => !one.subnet) : [];
    const shown = [...here, ...waiting].slice(-4);
    const key = JSON.stringify([shown.map((one) => [one.id, one.state]), subnets.size]);
    if (place.dataset.key === key) continue;
    place.dataset.key = key;
    const columns = shown.length > 2 ? 2 : 1;
    const lines = Math.max(1, Math.ceil(shown.length / columns));
    const wide = width / columns, high = height / lines;
    place.replaceChildren(...shown.map((one, number) => {
      const left = x + (number % columns) * wide, top = y + Math.floor(number / columns) * high;
      const group = drawn("g", { class: `token ${word(one.state)}` });
      const size = Math.min(12, high * 0.55);
      const text = columns > 1 ? `${one.id.slice(-4)} ${one.state}` : `${one.id.slice(0, 10)} ${one.state}`;
      group.append(
        drawn("title", {}, `${one.id}: ${one.state}`),
        drawn("rect", { x: left + 1, y: top + 1, width: wide - 2, height: high - 2, rx: 5, "stroke-width": 1.5 }),
        drawn("text", { x: left + wide / 2, y: top + high / 2 + size * 0.36, "font-size": size, "text-anchor": "middle" }, text),
      );
      return group;
    }));
  }
}

/* A figure at a part's right corner, on its lower edge unless that is where its arrows begin. */
function badge(part, text, bad, above = false) {
  const host = picture.querySelector(`[data-part="${CSS.escape(part)}"]`);
  if (!host) return;
  let one = host.querySelector(":scope > .badge");
  if (!one) {
    const paper = host.querySelector("rect");
    one = drawn("g", { class: "badge" });
    const edge = Number(paper.getAttribute("y")) + (above ? 0 : Number(paper.getAttribute("height")));
    one.append(drawn("rect", { rx: 9, height: 18, y: edge - 9 }),
      drawn("text", { "font-size": 11.5, "text-anchor": "end", y: edge + 4 }));
    one.dataset.right = Number(paper.getAttribute("x")) + Number(paper.getAttribute("width")) - 8;
    host.append(one);
  }
  one.classList.toggle("bad", bad);
  const [paper, label] = one.children;
  if (label.textContent === text) return;
  label.textContent = text;
  const right = Number(one.dataset.right), wide = label.getComputedTextLength() + 16;
  paper.setAttribute("width", wide);
  paper.setAttribute("x", right - wide);
  label.setAttribute("x", right - 8);
}

function scaling(state) {
  const one = state.scaling, group = state.group;
  if (one.target === null) return say("scaling", "The group has no scaling policy.");
  const average = one.average === null ? "not measured yet" : percent(one.average);
  say("scaling", `${one.metric}: ${average}, target ${one.target} %; of this machine's processors`);
  badge(group.part, `CPU ${average} of ${one.target} %`, one.average > one.target);
  const points = one.history, from = points[0].at, span = Math.max(points.at(-1).at - from, 30);
  const top = Math.max(100, ...points.map((point) => point.cpu ?? 0));
  const x = (point) => (300 * (point.at - from) / span).toFixed(1);
  const y = (value, most) => (86 - 82 * value / most).toFixed(1);
  const line = (kind, list) => drawn("polyline", { class: kind, points: list.join(" ") });
  byId("chart").replaceChildren(
    drawn("text", { x: 4, y: 11, "font-size": 8 }, `${Math.round(top)} %`),
    drawn("text", { x: 296, y: 11, "font-size": 8, "text-anchor": "end" }, `${group.maximum} instances`),
    drawn("line", { class: "target", x1: 0, x2: 300, y1: y(one.target, top), y2: y(one.target, top) }),
    line("count", points.flatMap((point, number) => [points[number - 1] ?? point, point].map(
      (before) => `${x(point)},${y(before.in_service, Math.max(group.maximum, 1))}`,
    ))),
    line("cpu", points.filter((point) => point.cpu !== null).map((point) => `${x(point)},${y(point.cpu, top)}`)),
  );
}

function requests(state) {
  const all = state.requests;
  fill("requests", all.paths.flatMap((one) => Object.entries(one.statuses).map(
    ([status, count]) => [[one.path, ""], [status, `s${status[0]}`], [String(count), "number"]],
  )), "none yet");
  const failed = Object.entries(all.statuses).filter(([status]) => status[0] === "5").reduce((sum, [, count]) => sum + count, 0);
  say("requests-total", `${all.total} at the CDN, ${all.per_second} a second, ${failed} with a status of 500 or more`);
  return [`${all.total} requests, ${all.per_second}/s`, failed];
}

function show(state) {
  instances(state);
  scaling(state);
  const [text, failed] = requests(state);
  badge(state.parts.cdn, text, failed > 0, true);
  const healthy = state.instances.filter((one) => one.health === "healthy").length;
  const targets = state.instances.filter((one) => one.health).length;
  badge(state.parts.balancer, `${healthy} of ${targets} targets healthy`, state.instances.some((one) => one.health === "unhealthy"));
  for (const kind of ["allowed", "dropped"]) {
    fill(kind, state.packets[kind].map((one) => [[one.rule, ""], [String(one.packets), "number"]]), "none");
  }
  first = false;
}

async function look() {
  if (document.hidden && !first) return;
  const note = byId("connection");
  try {
    const response = await fetch("state.json", { cache: "no-store" });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    const state = await response.json();
    show(state);
    note.classList.remove("lost");
    say("connection", `running as ${state.site}`);
  } catch (error) {
    note.classList.add("lost");
    say("connection", `not updated: ${error instanceof TypeError ? "the twin has ended" : error.message}`);
    if (!(error instanceof TypeError)) console.error(error);
  }
}

async function forever() {
  for (;;) {
    await look();
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}
forever();
