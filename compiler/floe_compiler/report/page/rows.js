// A list of any length: only the rows that are on the screen are elements.
const SPARE = 12;

function rowList(columns, widths, count, rowOf) {
  const rows = element("div", { class: "rows" });
  const list = element("div", { class: "list card" }, columns.length ? headOf(columns) : null, rows);
  list.style.setProperty("--columns", widths);
  let shown = "";
  function draw() {
    if (!rows.isConnected) return;
    const height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
    const above = -rows.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / height) - SPARE);
    const last = Math.min(count, Math.ceil((above + window.innerHeight) / height) + SPARE);
    if (shown === `${first} ${last} ${height}`) return;
    shown = `${first} ${last} ${height}`;
    rows.style.height = `${count * height}px`;
    const visible = [];
    for (let number = first; number < last; number++) {
      const row = rowOf(number);
      row.style.top = `${number * height}px`;
      visible.push(row);
    }
    rows.replaceChildren(...visible);
  }
  onScreen = draw;
  requestAnimationFrame(draw);
  return list;
}

function headOf(columns) {
  return element("div", { class: "head" }, columns.map((name) => element("span", {}, name)));
}

// What draws the rows of the view that is shown.
let onScreen = () => {};
window.addEventListener("scroll", () => onScreen(), { passive: true });
window.addEventListener("resize", () => onScreen());
