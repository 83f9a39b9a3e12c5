// The data, what is chosen of it, and the views.
const packed = JSON.parse(byId("data").textContent);
const DATA = { ...packed, changes: packed.changes.map(unpackedChange), tables: packed.tables.map(unpackedTable) };
const state = { view: "changes", environment: -1, words: [] };

function unpackedChange([action, kind, namespace, name, environments, dangers, lines, files, why]) {
  const said = [kind, namespace, name, ...dangers.map((at) => `${packed.dangers[at].word} ${packed.dangers[at].sentence}`),
    ...lines.map((at) => packed.texts[at]), ...why.map((one) => one.join(" "))];
  return { action, kind, namespace, name, environments, dangers, lines, files, why, said: said.join("\n").toLowerCase() };
}

function unpackedTable({ key, title, columns, rows }) {
  return { key, title, columns, rows: rows.map(([environments, cells]) => ({ environments, cells, said: cells.join("\n").toLowerCase() })) };
}

const tableOf = (key) => DATA.tables.find((table) => table.key === key);
const matches = ({ environments, said }) =>
  (state.environment < 0 || environments.includes(state.environment)) && state.words.every((word) => said.includes(word));

function tableView(table) {
  const found = table.rows.filter(matches);
  if (!found.length) return [element("p", { class: "empty" }, table.rows.length ? "Nothing matches." : `There are no ${table.title.toLowerCase()}.`)];
  const widths = `${table.columns.map((_, at) => (at ? "minmax(0, 1fr)" : "minmax(0, 1.6fr)")).join(" ")} minmax(0, .8fr)`;
  return [element("h2", {}, table.title, " ", element("span", { class: "count" }, String(found.length))),
    rowList([...table.columns, "environments"], widths, found.length, (at) => tableRow(table, found[at]))];
}

function tableRow(table, row) {
  return element("button", { class: "row", onclick: () => showRow(table, row) },
    element("span", {}, element("b", {}, row.cells[0])),
    element("span", { class: "rest soft" }, row.cells.slice(1).map((cell) => element("span", {}, cell))),
    element("span", { class: "tags" }, row.environments.map(environmentTag)));
}

function showRow(table, row) {
  showDetails(row.cells[0],
    element("p", { class: "soft" }, `${table.title} · `, row.environments.map(environmentTag)),
    ...table.columns.flatMap((column, at) => [element("h3", {}, column), element("div", {}, row.cells[at] || "-")]));
}

function views() {
  const tables = DATA.tables.map((table) => [table.key, table.title, table.rows.filter(matches).length]);
  return [["changes", "Changes", DATA.changes.filter(matches).length], ["graph", "Graph", ""], ...tables];
}

function drawHeader() {
  const signs = (totals) => ["deleted", "changed", "added"].filter((_, at) => totals[at]).map((action) =>
    element("span", { class: action }, `${SIGNS[action]}${totals[["deleted", "changed", "added"].indexOf(action)]}`));
  const button = (number, name, totals) => element(
    "button", { class: "environment", "aria-pressed": String(state.environment === number), onclick: () => { state.environment = number; draw(); } },
    name, totals && totals.some(Boolean) ? element("span", { class: "totals" }, signs(totals)) : null);
  byId("environments").replaceChildren(button(-1, "All environments"), ...DATA.environments.map((name, at) => button(at, name, DATA.totals[at])));
  byId("views").replaceChildren(...views().map(([key, title, count]) => element(
    "button", { "aria-current": state.view === key ? "page" : null, onclick: () => { state.view = key; draw(); window.scrollTo(0, 0); } },
    title, count === "" ? null : element("span", { class: "count" }, String(count)))));
  const bar = byId("views"), current = bar.querySelector("[aria-current]");
  bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.clientWidth) / 2;
}

function draw() {
  onScreen = () => {};
  drawHeader();
  const view = state.view === "changes" ? changesView(DATA.changes.filter(matches))
    : state.view === "graph" ? graphView() : tableView(tableOf(state.view));
  byId("view").replaceChildren(...view);
  onScreen();
}

let waiting = 0;
byId("search").addEventListener("input", (event) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    draw();
  }, 120);
});
byId("compared").textContent = DATA.compared;
const asked = location.hash.slice(1);
if (views().some(([key]) => key === asked)) state.view = asked;
draw();
