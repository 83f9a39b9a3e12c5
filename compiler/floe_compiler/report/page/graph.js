// Who calls whom: namespaces at first, then the pods of one of them and what they are connected with.
const BOX = { width: 190, height: 40, right: 84, below: 14, margin: 24 };
const MOST_NODES = 400;
const chosen = { graph: "connections", namespace: "", node: "" };

function graphView() {
  const graph = graphOf(chosen.graph);
  const groups = [...new Set(graph.nodes.map((node) => node.group))].sort();
  if (chosen.namespace && !groups.includes(chosen.namespace)) chosen.namespace = "";
  const part = chosen.namespace ? around(graph, chosen.namespace) : byGroup(graph, groups);
  const nodes = part.nodes.slice(0, MOST_NODES);
  const side = element("aside", { class: "card side" });
  const canvas = element("div", { class: "card canvas", tabindex: "0", "aria-label": "Graph" });
  const chose = (key) => { chosen.node = key; paint(); };
  function paint() {
    const focused = canvas.contains(document.activeElement);
    canvas.replaceChildren(picture(nodes, part.edges, groups, (node) => chosen.namespace ? chose(node.key) : enter(node.key)));
    side.replaceChildren(...sideOf(graph, chosen.node, enter, chose));
    requestAnimationFrame(() => show(canvas.querySelector(".chosen"), focused));
  }
  function show(box, focused) {
    if (!box) return;
    box.scrollIntoView({ block: "nearest", inline: "center" });
    if (getComputedStyle(side).position === "sticky") canvas.scrollIntoView({ block: "start" });
    if (focused) box.focus({ preventScroll: true });
  }
  function enter(namespace, node = "") { Object.assign(chosen, { namespace, node }); draw(); }
  paint();
  const tools = element("div", { class: "tools" },
    choice("Graph", [["connections", "Connections"], ["lineage", "Data products"]], chosen.graph, (value) => { chosen.graph = value; enter(""); }),
    choice("Namespace", [["", chosen.graph === "lineage" ? "all domains" : "all namespaces"], ...groups.map((name) => [name, name])], chosen.namespace, (value) => enter(value)),
    element("span", { class: "soft" }, note(part, nodes)));
  return [tools, element("div", { class: "graph" }, canvas, side)];
}

function note(part, nodes) {
  if (nodes.length < part.nodes.length) return `${nodes.length} of ${part.nodes.length} are drawn: choose a namespace.`;
  const environment = chosen.graph === "lineage" ? "" : `${DATA.environments[graphEnvironment()]}: `;
  return chosen.namespace ? `${environment}choose a box, and follow its arrows` : `${environment}choose a namespace`;
}

const graphEnvironment = () => (state.environment < 0 ? DATA.environments.length - 1 : state.environment);

function graphOf(kind) {
  const packed = kind === "lineage" ? DATA.lineage : DATA.connections[graphEnvironment()];
  const nodes = packed.nodes.map(([key, label, group]) => ({ key, label, group }));
  return { nodes, edges: packed.edges.map(([from, to, label]) => ({ from: nodes[from], to: nodes[to], label })) };
}

function around(graph, group) {
  const edges = graph.edges.filter(({ from, to }) => from.group === group || to.group === group);
  const kept = new Set(graph.nodes.filter((node) => node.group === group));
  for (const { from, to } of edges) kept.add(from).add(to);
  return { nodes: graph.nodes.filter((node) => kept.has(node)), edges };
}

function byGroup(graph, groups) {
  const nodes = new Map(groups.map((name) => {
    const count = graph.nodes.filter((node) => node.group === name).length;
    return [name, { key: name, label: name, group: chosen.graph === "lineage" ? `${count} data products` : `${count} programs`, band: name }];
  }));
  const times = new Map();
  for (const { from, to } of graph.edges) {
    if (from.group !== to.group) times.set(`${from.group} ${to.group}`, (times.get(`${from.group} ${to.group}`) || 0) + 1);
  }
  const edges = [...times].map(([pair, count]) => {
    const [from, to] = pair.split(" ").map((name) => nodes.get(name));
    return { from, to, label: String(count) };
  });
  return { nodes: [...nodes.values()], edges };
}

// Columns from left to right: each node is right of what has an arrow to it, as far as there is no circle.
function layers(nodes, edges) {
  const out = new Map(nodes.map((node) => [node, []]));
  for (const { from, to } of edges) if (from !== to && out.has(from) && out.has(to)) out.get(from).push(to);
  const order = [], seen = new Map();
  for (const start of nodes) {
    const waiting = [[start, 0]];
    if (seen.has(start)) continue;
    seen.set(start, "open");
    while (waiting.length) {
      const top = waiting[waiting.length - 1];
      const next = out.get(top[0])[top[1]++];
      if (!next) { order.push(top[0]); seen.set(top[0], "done"); waiting.pop(); }
      else if (!seen.has(next)) { seen.set(next, "open"); waiting.push([next, 0]); }
    }
  }
  order.reverse();
  const rank = new Map(order.map((node, at) => [node, at]));
  const column = new Map(order.map((node) => [node, 0]));
  for (const node of order) {
    for (const next of out.get(node)) if (rank.get(next) > rank.get(node)) column.set(next, Math.max(column.get(next), column.get(node) + 1));
  }
  const found = [];
  for (const node of nodes) (found[column.get(node)] ||= []).push(node);
  const into = new Map(nodes.map((node) => [node, []]));
  for (const [from, targets] of out) for (const to of targets) into.get(to).push(from);
  const place = new Map();
  found.forEach((layer, at) => {
    const middle = (node) => {
      const known = into.get(node).filter((one) => place.has(one));
      return known.length ? known.reduce((sum, one) => sum + place.get(one), 0) / known.length : 1e9;
    };
    const weight = new Map(layer.map((node) => [node, at ? middle(node) : 0]));
    layer.sort((one, other) => weight.get(one) - weight.get(other));
    layer.forEach((node, index) => place.set(node, index));
  });
  return found;
}

function picture(nodes, edges, groups, act) {
  const columns = layers(nodes, edges), places = new Map();
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  columns.forEach((column, at) => {
    const lower = (tallest - column.length) * (BOX.height + BOX.below) / 2;
    column.forEach((node, index) => places.set(node, {
      x: BOX.margin + at * (BOX.width + BOX.right),
      y: BOX.margin + lower + index * (BOX.height + BOX.below),
    }));
  });
  const width = 2 * BOX.margin + columns.length * (BOX.width + BOX.right) - BOX.right;
  const height = 3 * BOX.margin + tallest * (BOX.height + BOX.below) - BOX.below;
  const node = nodes.find((one) => one.key === chosen.node);
  const lit = (edge) => edge.from === node || edge.to === node;
  const near = new Set(edges.filter(lit).flatMap(({ from, to }) => [from, to]));
  const shown = edges.filter(({ from, to }) => places.has(from) && places.has(to));
  return drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Graph of connections" },
    drawn("defs", {}, drawn("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      drawn("path", { d: "M0 0 L8 4 L0 8 z", fill: "context-stroke" }))),
    shown.map((edge) => drawn("path", { class: `edge${node ? (lit(edge) ? " lit" : " dim") : ""}${isBack(edge, places) ? " back" : ""}`, "marker-end": "url(#tip)",
      d: (isBack(edge, places) ? curveBack : curve)(places.get(edge.from), places.get(edge.to)) }, drawn("title", {}, `${edge.from.label} to ${edge.to.label}: ${edge.label}`))),
    nodes.map((one) => boxOf(one, places.get(one), groups, node && one !== node && !near.has(one), one === node, act)),
    shown.filter((edge) => node && lit(edge) && edge.label && !isBack(edge, places)).map((edge) => labelOf(edge, places)));
}

function curve(from, to) {
  const x1 = from.x + BOX.width, y1 = from.y + BOX.height / 2, x2 = to.x - 1, y2 = to.y + BOX.height / 2;
  const bend = Math.max(46, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

const isBack = ({ from, to }, places) => places.get(to).x <= places.get(from).x;

// Against the direction, or within a column: below the boxes.
function curveBack(from, to) {
  const x1 = from.x + BOX.width * 0.6, x2 = to.x + BOX.width * 0.4, y1 = from.y + BOX.height, y2 = to.y + BOX.height + 1;
  const low = Math.max(y1, y2) + 30;
  return `M${x1} ${y1} C${x1} ${low} ${x2} ${low} ${x2} ${y2}`;
}

function labelOf({ from, to, label }, places) {
  const one = places.get(from), other = places.get(to);
  const x = (one.x + BOX.width + other.x) / 2, y = (one.y + other.y + BOX.height) / 2 - 4;
  return drawn("text", { class: "label", x, y, "text-anchor": "middle" }, cut(label, 26));
}

function boxOf(node, { x, y }, groups, dim, isChosen, act) {
  const hue = Math.round((360 * groups.indexOf(node.band || node.group)) / Math.max(1, groups.length));
  const open = () => act(node);
  const band = drawn("rect", { class: "band", x: 6, y: 7, width: 4, height: BOX.height - 14 });
  band.style.fill = `hsl(${hue} 55% 55%)`;
  return drawn("g", { class: `node${dim ? " dim" : ""}${isChosen ? " chosen" : ""}`, transform: `translate(${x} ${y})`, tabindex: 0, role: "button",
    "aria-label": `${node.label}, ${node.group}`, onclick: open, onkeydown: (event) => { if (event.key === "Enter") open(); } },
    drawn("rect", { width: BOX.width, height: BOX.height }),
    band,
    drawn("text", { x: 18, y: 17 }, cut(node.label, 22)), drawn("text", { class: "group", x: 18, y: 31 }, cut(node.group, 28)),
    drawn("title", {}, `${node.label} (${node.group})`));
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function sideOf(graph, key, enter, chose) {
  const node = graph.nodes.find((one) => one.key === key);
  if (!node) return [element("p", { class: "soft" }, chosen.namespace ? "Choose a box: its connections and policies are here." : "Each box is a namespace. An arrow leads to what it calls. Choose one to see its programs.")];
  const follow = (other) => (other.group === chosen.namespace ? chose(other.key) : enter(other.group, other.key));
  const link = (other, label) => element("button", { class: "link", onclick: () => follow(other) }, other.label,
    element("span", { class: "soft" }, ` ${other.group}${label ? ` · ${label}` : ""}`));
  const parts = [element("b", {}, node.label), element("div", { class: "soft" }, node.group)];
  const calls = graph.edges.filter((edge) => edge.from === node), called = graph.edges.filter((edge) => edge.to === node);
  const words = chosen.graph === "lineage" ? ["Is read by", "Reads"] : ["Calls", "Is called by"];
  for (const [title, edges, end] of [[words[0], calls, "to"], [words[1], called, "from"]]) {
    parts.push(element("h3", {}, `${title} (${edges.length})`), ...edges.map((edge) => link(edge[end], edge.label)));
  }
  const policies = chosen.graph === "lineage" ? [] : policiesOf(node);
  if (policies.length) parts.push(element("h3", {}, `Policies (${policies.length})`));
  parts.push(...policies.map((row) => element("button", { class: "link", onclick: () => showRow(tableOf("policies"), row) }, row.cells[1])));
  return parts;
}

function policiesOf(node) {
  const names = (part) => (part.match(/^component(?:=| In )(.*)$/) || ["", ""])[1].split("|");
  const selects = (pods) => pods === "all pods" || pods.split(", ").some((part) => names(part).includes(node.label));
  return tableOf("policies").rows.filter((row) => row.environments.includes(graphEnvironment()) && row.cells[0] === node.group && selects(row.cells[2]));
}

function choice(name, options, value, act) {
  const made = element("select", { "aria-label": name, onchange: () => act(made.value) },
    options.map(([key, label]) => element("option", { value: key, selected: key === value ? "" : null }, label)));
  return made;
}
