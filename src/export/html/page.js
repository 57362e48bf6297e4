"use strict";
(() => {
  const root = document.documentElement;
  const make = (name, parent, set) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in set) e.setAttribute(key, set[key]);
    parent.appendChild(e);
    return e;
  };
  const clamp = (v, lo, hi) => Math.max(lo, Math.min(hi, v));

  // Light or dark: what the reader chose, else what the device prefers.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.getElementById("theme");
  const chosen = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const keep = (what) => { try { return what(); } catch (e) { return null; } };
  const kept = keep(() => localStorage.getItem("oodscope-theme"));
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = chosen() === "dark" ? "light" : "dark";
    keep(() => localStorage.setItem("oodscope-theme", root.dataset.theme));
  });

  // Numbers as the tables have them: four digits and no zeros behind them.
  const num = (v) => {
    if (v === null || v === undefined || Number.isNaN(v)) return "\u2013";
    if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
    const size = Math.abs(v);
    if (Number.isInteger(v) && size < 1e9) return String(v + 0);
    if (size < 1e-4 || size >= 1e9) return v.toExponential(3).replace(/\.?0*e\+?/, "e");
    const digits = Math.max(0, 3 - Math.floor(Math.log10(size)));
    const text = v.toFixed(digits);
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  };
  const range = (a, b) => num(Math.min(a, b)) + " to " + num(Math.max(a, b));

  // Tables are sorted by a click on a head, or by Enter on it.
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const worth = (cell) => {
    if (!cell) return null;
    const text = (cell.dataset.v ?? (cell.firstElementChild && cell.tagName === "TD" ? cell.firstElementChild : cell).textContent).trim();
    if (text === "" || text === "\u2013") return null;
    const v = text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
    return Number.isNaN(v) ? text : v;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? (a > b) - (b > a) : order.compare(String(a), String(b));
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    heads.forEach((head, column) => {
      head.tabIndex = 0;
      head.setAttribute("aria-sort", "none");
      const sort = () => {
        const was = head.getAttribute("aria-sort");
        // Numbers are asked for by the largest first.
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const now = was === "none" ? first : was === first ? other : "none";
        heads.forEach((h) => h.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", now);
        const keyed = rows.map((row) => [worth(row.cells[column]), row]);
        if (now !== "none") {
          const sign = now === "ascending" ? 1 : -1;
          // What is not there stands last either way.
          keyed.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b));
        }
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (e) => {
        if (e.key === "Enter" || e.key === " ") { e.preventDefault(); sort(); }
      });
    });
  }

  // What is at the cursor.
  const tip = document.getElementById("tip");
  const line = (label, value, colour) => {
    const row = document.createElement("div");
    row.className = "row";
    if (colour) make("rect", make("svg", row, { viewBox: "0 0 10 10" }), { width: 10, height: 10, rx: 2, fill: colour });
    row.append(label);
    const b = document.createElement("b");
    b.textContent = value;
    row.append(b);
    return row;
  };
  const show = (rows, event) => {
    tip.replaceChildren(...rows);
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const gap = 14;
    const right = event.clientX + gap + width > innerWidth - 8 ? event.clientX - gap - width : event.clientX + gap;
    const above = event.clientY - gap - height;
    tip.style.left = clamp(right, 8, Math.max(8, innerWidth - width - 8)) + "px";
    tip.style.top = (above > 8 ? above : event.clientY + gap) + "px";
  };
  const inside = ([x, y, w, h], p) => p.x >= x && x + w >= p.x && p.y >= y && y + h >= p.y;
  const place = ([lo, hi, log], v) => ((log ? Math.log10(v) : v) - lo) / (hi - lo);
  const value = ([lo, hi, log], share) => { const v = lo + (hi - lo) * share; return log ? 10 ** v : v; };
  const cell = (share, n) => clamp(Math.floor(share * n), 0, n - 1);
  const upright = (layer, [x, y, w, h], at) => make("line", layer, { x1: at, x2: at, y1: y, y2: y + h, stroke: "#6E6E6E", "stroke-width": 0.8 });
  const ring = (layer, x, y, colour) => make("circle", layer, { cx: x, cy: y, r: 3, fill: colour, stroke: "#FFFFFF", "stroke-width": 1 });

  const nearest = (xs, scale, share) => {
    let best = -1, least = Infinity;
    xs.forEach((x, i) => {
      const d = Math.abs(place(scale, x) - share);
      if (least > d) { least = d; best = i; }
    });
    return [best, least];
  };
  const curves = (d, p, layer) => {
    const part = d.parts.find((part) => inside(part.at, p));
    if (!part) return null;
    const share = (p.x - part.at[0]) / part.at[2];
    let at = null, least = Infinity;
    for (const xs of part.xs) {
      const [i, far] = nearest(xs, part.x, share);
      if (i >= 0) if (least > far) { least = far; at = xs[i]; }
    }
    if (at === null) return null;
    const rows = [line(part.name, num(at))];
    // Parts over the same axis are read at the same place.
    for (const other of d.parts.filter((o) => o.name === part.name)) {
      const x = place(other.x, at);
      if (0 > x || x > 1) continue;
      upright(layer, other.at, other.at[0] + x * other.at[2]);
      for (const s of other.lines) {
        const xs = other.xs[s.x];
        const [i, far] = nearest(xs, other.x, x);
        // A curve that has nothing near has nothing here; a threshold holds all along.
        if (0 > i || !s.level && far > 0.02 && xs.length > 1) continue;
        if (s.moment && !s.y[i]) continue;
        const unit = s.unit && s.y[i] !== null ? " " + s.unit : "";
        const band = s.lo && s.y[i] !== null ? " [" + num(s.lo[i]) + ", " + num(s.hi[i]) + "]" : "";
        rows.push(line(s.name, s.moment ? "here" : num(s.y[i]) + band + unit, s.colour));
        const y = place(other.y, s.y[i]);
        if (s.y[i] !== null && y >= 0 && 1 >= y) ring(layer, other.at[0] + (s.level ? x : place(other.x, xs[i])) * other.at[2], other.at[1] + (1 - y) * other.at[3], s.colour);
      }
    }
    return rows;
  };
  const bins = (d, p, layer) => {
    if (!inside(d.at, p)) return null;
    const v = value(d.x, (p.x - d.at[0]) / d.at[2]);
    const i = d.edges.findIndex((e, i) => v >= e && d.edges[i + 1] > v);
    if (0 > i) return null;
    const [a, b] = [place(d.x, d.edges[i]), place(d.x, d.edges[i + 1])];
    make("rect", layer, { x: d.at[0] + a * d.at[2], y: d.at[1], width: (b - a) * d.at[2], height: d.at[3], fill: "#6E6E6E", opacity: 0.2 });
    const all = d.counts.reduce((sum, c) => sum + (c || 0), 0);
    const share = all > 0 ? " (" + num(Math.round(1e4 * d.counts[i] / all) / 100) + " %)" : "";
    return [line(d.name || "from", range(d.edges[i], d.edges[i + 1])), line("count", num(d.counts[i]) + share)];
  };
  const box = (layer, x, y, w, h) => make("rect", layer, { x, y, width: w, height: h, fill: "none", stroke: "#D55E00", "stroke-width": 1.4 });
  const map = (d, p, layer) => {
    if (!inside(d.at, p) || !d.w || !d.h) return null;
    const [x, y, w, h] = d.at;
    const i = cell((p.x - x) / w, d.w), j = cell(1 - (p.y - y) / h, d.h);
    box(layer, x + i * w / d.w, y + h - (j + 1) * h / d.h, w / d.w, h / d.h);
    const edge = ([lo, hi], k, n) => lo + (hi - lo) * k / n;
    return [
      line(d.names[0], range(edge(d.x, i, d.w), edge(d.x, i + 1, d.w))),
      line(d.names[1], range(edge(d.y, j, d.h), edge(d.y, j + 1, d.h))),
      line(d.names[2] || "value", num(d.values[j * d.w + i])),
    ];
  };
  const pairs = (d, p, layer) => {
    const m = d.maps.find((m) => inside(m.at, p));
    if (!m) return null;
    const [x, y, w, h] = m.at;
    const i = cell((p.x - x) / w, d.n), j = cell(1 - (p.y - y) / h, d.n);
    box(layer, x, y, w, h);
    m.list = m.list || m.counts.split(",");
    return [line("right", m.names[0]), line("up", m.names[1]), line("states in the cell", m.list[m.turned ? i * d.n + j : j * d.n + i] || "0")];
  };
  const cloud = (d, p, layer) => {
    if (!inside(d.at, p)) return null;
    const [x, y, w, h] = d.at;
    let best = -1, least = 16;
    d.px.forEach((v, i) => {
      const far = Math.hypot(x + place(d.x, v) * w - p.x, y + (1 - place(d.y, d.py[i])) * h - p.y);
      if (least > far) { least = far; best = i; }
    });
    if (0 > best) return null;
    ring(layer, x + place(d.x, d.px[best]) * w, y + (1 - place(d.y, d.py[best])) * h, "#D55E00");
    return [line(d.names[0], num(d.px[best])), line(d.names[1], num(d.py[best]))];
  };
  const kinds = { curves, bins, map, pairs, cloud };

  for (const figure of document.querySelectorAll("figure")) {
    const script = figure.querySelector("script"), svg = figure.querySelector("svg");
    if (!script || !svg) continue;
    let data = null, layer = null, last = null;
    const clear = () => { if (layer) layer.remove(); layer = null; tip.hidden = true; };
    const look = (p) => {
      data = data || JSON.parse(script.textContent);
      clear();
      layer = make("g", svg, { class: "cursor" });
      last = p;
      const rows = kinds[data.kind](data, p, layer), at = p.matrixTransform(svg.getScreenCTM());
      if (rows) show(rows, { clientX: at.x, clientY: at.y }); else clear();
    };
    const move = (event) => look(new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()));
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerdown", move);
    svg.addEventListener("pointerleave", (e) => { if (e.pointerType === "mouse") clear(); });
    // The arrows move the cursor as well, from the middle of the data on.
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("blur", clear);
    svg.addEventListener("keydown", (e) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
      if (e.key === "Escape") clear();
      if (!way) return;
      e.preventDefault();
      data = data || JSON.parse(script.textContent);
      const [x, y, w, h] = data.at || (data.parts || data.maps)[0].at;
      const from = last || new DOMPoint(x + w / 2, y + h / 2), size = svg.viewBox.baseVal;
      const across = w / (data.w || 50), up = h / (data.h || 50);
      look(new DOMPoint(clamp(from.x + way[0] * across, 0, size.width), clamp(from.y + way[1] * up, 0, size.height)));
    });
    // A finger that is lifted leaves what it found; the next touch elsewhere takes it away.
    document.addEventListener("pointerdown", (e) => { if (layer) if (!svg.contains(e.target)) clear(); });
    addEventListener("scroll", clear, { passive: true });
  }

  // Where the reader is.
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.getAttribute("href").slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const e of entries) {
      const a = links.get(e.target.id);
      if (a) a.classList.toggle("here", e.isIntersecting);
    }
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const id of links.keys()) {
    const e = document.getElementById(id);
    if (e) seen.observe(e);
  }
})();
